"""A local PostgreSQL with the demo's fleet data, for scripts/demo and the tests."""

from scripts.demo_db.binaries import BinariesMissingError
from scripts.demo_db.cluster import Cluster, ClusterError
from scripts.demo_db.fingerprint import fingerprint
from scripts.demo_db.load import BENCH, DEMO, Progress, Size
from scripts.demo_db.prepare import LocalDatabase, prepare
from scripts.demo_db.role import RoleError, apply_role

__all__ = [
    "BENCH",
    "DEMO",
    "BinariesMissingError",
    "Cluster",
    "ClusterError",
    "LocalDatabase",
    "Progress",
    "RoleError",
    "Size",
    "apply_role",
    "fingerprint",
    "prepare",
]
