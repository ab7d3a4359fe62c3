// The list of documents. Gradio runs this once, with `element` (what holds the list, and stays when the list is
// written anew), `server` (what Python lets it call) and `trigger` (what Python hears).

// How a document was split opens below it, and more of it below that.
async function split(button) {
    const item = button.closest("li");
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) {
        item.querySelector(".split").remove();
        return;
    }
    const view = document.createElement("div");
    view.className = "split";
    view.setAttribute("aria-busy", "true");
    item.append(view);
    view.innerHTML = await passages(button.dataset.document, 0);
    view.removeAttribute("aria-busy");
}

async function more(button) {
    button.disabled = true;
    const view = button.closest(".split");
    const html = await passages(button.dataset.document, Number(button.dataset.first));
    const place = button.closest("p");
    place.insertAdjacentHTML("afterend", html);
    const next = place.nextElementSibling;
    place.remove();
    next.tabIndex = -1;
    next.focus({preventScroll: true});
    view.removeAttribute("aria-busy");
}

async function passages(id, first) {
    const html = await server.open_passages({document: id, first}).catch(() => null);
    return typeof html === "string" ? html : "<p class='notice'>The program that serves this page does not answer.</p>";
}

// Removing asks first. The words are set as text: a name is never markup.
const dialog = document.createElement("dialog");
dialog.id = "remove-dialog";
dialog.setAttribute("aria-labelledby", "remove-title");
dialog.setAttribute("aria-describedby", "remove-text");
dialog.innerHTML = `<h2 id="remove-title">Remove <code dir="auto"></code>?</h2>
    <p id="remove-text">The file is deleted from the corpus folder. What the index holds of it goes with the next rebuild.</p>
    <form method="dialog"><button value="keep" autofocus>Keep it</button><button value="remove">Remove it</button></form>`;
document.querySelector(".gradio-container").append(dialog);
let asked = null;

function confirmRemoval(button) {
    asked = button.dataset.document;
    dialog.querySelector("code").textContent = asked;
    dialog.returnValue = "keep";
    dialog.showModal();
}
dialog.addEventListener("close", () => {
    if (dialog.returnValue === "remove" && asked !== null) trigger("remove", {document: asked});
    asked = null;
});

element.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.matches(".show-split")) split(button);
    if (button?.matches(".more")) more(button);
    if (button?.matches(".remove")) confirmRemoval(button);
});

// Who works by keyboard is not sent back to the top of the page when what they were at is gone.
const TURNS = {"rebuild": "#cancel-rebuild", "cancel-rebuild": "#rebuild"};
let last = null;
document.addEventListener("focusin", (event) => {
    const own = event.target.closest("#rebuild, #cancel-rebuild, #conflicts, #documents");
    last = own?.id ?? null;
});
new MutationObserver(() => {
    if (last === null || (document.activeElement !== document.body && document.activeElement?.isConnected)) return;
    const next = last === "conflicts" ? "#rebuild" : TURNS[last] ?? "#documents h2";
    document.querySelector(next)?.focus({preventScroll: true});
}).observe(document.querySelector("#corpus"), {childList: true, subtree: true});

// Files dropped anywhere on the tab are as good as chosen.
const tab = document.querySelector("#corpus");
for (const kind of ["dragenter", "dragover"]) {
    tab.addEventListener(kind, (event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        tab.classList.add("dropping");
    });
}
tab.addEventListener("dragleave", (event) => {
    if (!tab.contains(event.relatedTarget)) tab.classList.remove("dropping");
});
tab.addEventListener("drop", (event) => {
    tab.classList.remove("dropping");
    const input = tab.querySelector("#corpus-buttons input[type=file]");
    if (!event.dataTransfer?.files.length || !input || input.disabled) return;
    event.preventDefault();
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", {bubbles: true}));
});
