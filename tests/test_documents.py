"""The documents are true: what they name exists, and what exists is in them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from fleetmcp.mcp.tools import app
from scripts.lock_check import problems

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
APPS = ("accounts", "audit", "fleetmcp")
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.proves("HOUSE-README")
def test_first_screen_has_the_command_the_line_and_a_link_to_security() -> None:
    first = README.splitlines()[:40]
    blocks = re.findall(r"```sh\n(.*?)\n```", "\n".join(first), re.DOTALL)
    assert blocks[0] == "scripts/demo"
    assert blocks[2] == "scripts/test"
    from accounts.connecting import claude_code_line

    assert blocks[1] == claude_code_line("<token>")
    assert "docs/security.md" in "\n".join(first)


@pytest.mark.proves("HOUSE-README")
def test_ci_runs_the_readmes_test_command() -> None:
    assert "scripts/test" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.proves("HOUSE-DOCS")
def test_every_setting_is_in_the_readme_and_the_other_way_round() -> None:
    code = (ROOT / "fleetmcp" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', code))
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE))
    assert documented == read


@pytest.mark.proves("HOUSE-DOCS")
def test_every_default_in_the_readme_is_the_real_one() -> None:
    code = (ROOT / "fleetmcp" / "settings.py").read_text()
    table = dict(re.findall(r"^\| `([A-Z_]+)` \| .* \| `([^`]+)` \|$", README, re.MULTILINE))
    for name, default in table.items():
        if name in ("APP_DB_FILE", "STATIC_ROOT"):
            assert f'BASE_DIR / "{default}"' in code
            continue
        found = re.search(rf'env\.\w+\(\s*"{name}",\s*"?([^",)]+(?:,[\w.]+)*)"?', code)
        assert found, name
        assert found.group(1).replace("_", "") == default.replace("_", ""), name


@pytest.mark.proves("HOUSE-DOCS")
def test_every_tool_is_in_the_readme_with_its_parameters() -> None:
    documented = dict(re.findall(r"^\| `(\w+)\(([^)]*)\)` \|", README, re.MULTILINE))
    tools = {tool.name: tool.parameters for tool in app._tool_manager.list_tools()}
    assert set(documented) == set(tools)
    for name, parameters in documented.items():
        names = [word.split("=")[0].strip() for word in parameters.split(",") if word.strip()]
        assert names == list(tools[name]["properties"]), name
        for word in parameters.split(","):
            if "=" in word:
                argument, default = (part.strip().strip('"') for part in word.split("="))
                assert str(tools[name]["properties"][argument]["default"]) == default


@pytest.mark.proves("HOUSE-DOCS")
def test_every_command_is_in_the_readme_and_the_other_way_round() -> None:
    table = README.partition("| command |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    documented = [name for cell in cells for name in re.findall(r"`(\w+)[^`]*`", cell)]
    files = [file for app in APPS for file in (ROOT / app).glob("management/commands/[!_]*.py")]
    assert sorted(documented) == sorted(file.stem for file in files)


@pytest.mark.proves("HOUSE-DOCS")
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_and_file_named_exists(document: Path) -> None:
    text = document.read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []
    named = re.findall(r"`((?:scripts|docs|tests|fleetmcp|accounts|audit)/[\w./-]+)", text)
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.proves("HOUSE-DOCS")
def test_every_script_is_executable_and_says_what_it_does() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-s", "scripts", ".ci"], cwd=ROOT, capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    for line in listed.splitlines():
        mode, path = line.split()[0], ROOT / line.split("\t")[1]
        if path.exists() and path.read_text().startswith("#!"):
            assert mode == "100755", path
            if path.parent.name == "scripts":
                assert path.read_text().splitlines()[1].startswith(("# ", '"""')), path


@pytest.mark.proves("HOUSE-LOCK")
def test_lock_that_misses_or_breaks_a_dependency_is_found_out() -> None:
    project: dict[str, object] = {"dependencies": ["django>=5.2,<5.3", "orjson>=3"]}
    hashed = " \\\n    --hash=sha256:0\n"
    good = f"django==5.2.8{hashed}orjson==3.10.0{hashed}"
    assert problems(project, "x.txt", [], good) == []
    assert "django" in problems(project, "x.txt", [], good.replace("5.2.8", "6.0"))[0]
    assert "orjson" in problems(project, "x.txt", [], f"django==5.2.8{hashed}")[0]
    assert "hashes" in problems(project, "x.txt", [], "django==5.2.8\norjson==3.10.0\n")[0]
