// Copies the text of the element that a button names: <button class="copy" data-copy="its-id">.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy[data-copy]");
  const source = button && document.getElementById(button.dataset.copy);
  if (!source) {
    return;
  }
  const label = button.dataset.label || button.textContent;
  button.dataset.label = label;
  button.textContent = (await copied(source)) ? "Copied" : "Selected: press Ctrl+C";
  setTimeout(() => {
    button.textContent = label;
  }, 2500);
});

// The clipboard needs https or this very machine; elsewhere the text is selected instead.
async function copied(source) {
  const text = "value" in source ? source.value : source.textContent;
  try {
    await navigator.clipboard.writeText(text.trim());
    return true;
  } catch {
    getSelection().selectAllChildren(source);
    return false;
  }
}
