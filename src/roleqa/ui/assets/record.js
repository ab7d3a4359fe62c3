// What the browser keeps: conversations to open again or to save as files, and what was thought of their answers.
// Gradio runs this once, with `element` (the bar and its list), `props` (whose value Python sets to the open
// conversation as JSON, or to why one cannot be opened), `watch`, `trigger` and `server`. Nothing that was kept is
// ever taken for HTML: Python reads it as data and renders it anew, and here it becomes text only.
const PREFIX = "roleqa:conversation:";
const MOST = 50;
const LARGEST = 3_000_000;
const RATED = 9;
const UNANSWERED = "The program that serves this page does not answer. Is it still running?";
const dialog = element.querySelector("dialog");
const list = dialog.querySelector("ul");
let open = null;

// What a conversation is kept as: {saved: its time, bundle: what Python made, verdicts: by an answer's id}.

function understood(data) {
    try {
        const entry = JSON.parse(data);
        const first = entry.bundle.turns[0];
        return typeof first.id === "string" && typeof first.answer.question === "string" ? entry : null;
    } catch {
        return null;
    }
}

const idOf = (entry) => entry.bundle.turns[0].id;

// Newest first. Storage may be switched off, or hold what others put there.
function entries() {
    try {
        return Object.keys(localStorage)
            .filter((key) => key.startsWith(PREFIX))
            .map((key) => ({key, size: localStorage[key].length, entry: understood(localStorage[key])}))
            .sort((a, b) => String(b.entry?.saved).localeCompare(String(a.entry?.saved)));
    } catch {
        return [];
    }
}

function keep(entry) {
    const data = JSON.stringify(entry);
    for (;;) {
        try {
            localStorage.setItem(PREFIX + idOf(entry), data);
            break;
        } catch {
            const oldest = entries().at(-1);
            if (!oldest) return say(element, "This browser keeps no conversations: its storage is full or switched off.");
            forget(oldest.key);
        }
    }
    let room = LARGEST;
    entries().forEach(({key, size, entry: found}, place) => {
        room -= size;
        if (place >= MOST || room < 0 || !found) forget(key);
    });
}

function forget(key) {
    try {
        localStorage.removeItem(key);
    } catch {
        // what cannot be reached is not kept either
    }
}

function say(place, words) {
    place.querySelector(".said").textContent = words;
}

watch("value", () => {
    const bundle = props.value ? JSON.parse(props.value) : null;
    say(element, bundle?.error ?? "");
    if (bundle?.error) return;
    if (bundle) {
        const id = bundle.turns[0].id;
        const before = open && idOf(open) === id ? open : entries().find((found) => found.key === PREFIX + id)?.entry;
        const same = JSON.stringify(before?.bundle) === JSON.stringify(bundle);
        const verdicts = Object(before?.verdicts);
        open = same ? {...before, verdicts} : {saved: new Date().toISOString(), bundle, verdicts};
        if (!same) keep(open);
    } else {
        open = null;
    }
    element.querySelector(".exports").hidden = !open;
    paint();
});

// The list of earlier conversations.

function line({key, entry}) {
    const item = dialog.querySelector("template").content.firstElementChild.cloneNode(true);
    const [title, about] = item.querySelectorAll("span");
    const saved = new Date(entry.saved);
    const count = entry.bundle.turns.length;
    title.textContent = entry.bundle.turns[0].answer.question.slice(0, 200);
    about.textContent = [
        Number.isNaN(saved.valueOf()) ? "" : saved.toLocaleString([], {dateStyle: "medium", timeStyle: "short"}),
        count === 1 ? "1 question" : `${count} questions`,
        open && idOf(open) === idOf(entry) ? "open now" : "",
    ].filter(Boolean).join(" \u00b7 ");
    item.querySelector(".open").addEventListener("click", () => reopen(entry));
    item.querySelector(".delete").ariaLabel = `Delete: ${title.textContent}`;
    item.querySelector(".delete").addEventListener("click", () => drop(item, key));
    return item;
}

function show() {
    const found = entries().filter(({entry}) => entry);
    list.replaceChildren(...found.map(line));
    list.hidden = dialog.querySelector(".clear").hidden = !found.length;
    dialog.querySelector(".none").hidden = Boolean(found.length);
    settle();
}

// "Delete all" asks once more, on the button itself.
function settle() {
    const clear = dialog.querySelector(".clear");
    clear.textContent = "Delete all";
    delete clear.dataset.sure;
}

function reopen(entry) {
    if (document.querySelector("#conversation .question.pending")) {
        say(dialog, "An answer is on its way. Open this when it is there.");
        return;
    }
    trigger("reopen", {bundle: JSON.stringify(entry.bundle)});
    dialog.close();
    document.querySelector("#question textarea").focus();
}

function drop(item, key) {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    forget(key);
    item.remove();
    say(dialog, "Deleted.");
    if (next) next.querySelector(".delete").focus();
    else {
        show();
        dialog.querySelector(".close").focus();
    }
}

element.querySelector("#history-open").addEventListener("click", () => {
    say(dialog, "");
    show();
    dialog.showModal();
});

dialog.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (event.target === dialog || button?.matches(".close")) dialog.close();
    if (!button?.matches(".clear")) return settle();
    if (button.dataset.sure) {
        for (const {key} of entries()) forget(key);
        show();
        say(dialog, "All deleted.");
        dialog.querySelector(".close").focus();
    } else {
        button.dataset.sure = "yes";
        button.textContent = "Really delete all?";
    }
});

// Export.

async function save(form) {
    const made = await server.export(JSON.stringify({form, bundle: JSON.stringify(open.bundle)})).catch(() => null);
    if (typeof made?.text !== "string") return say(element, made?.error ?? UNANSWERED);
    const markdown = form === "markdown";
    const blob = new Blob([made.text], {type: markdown ? "text/markdown" : "application/json"});
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `roleqa-${new Date().toISOString().slice(0, 19).replace(/[:T-]/g, "")}.${markdown ? "md" : "json"}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say(element, "Saved.");
}

element.addEventListener("click", (event) => {
    const button = event.target.closest("[data-export]");
    if (button && open) save(button.dataset.export);
});

// Feedback: the thumbs below each answer show what was thought of it.

const shown = new WeakMap();

function paint() {
    for (const block of document.querySelectorAll("#conversation .feedback")) {
        const turn = block.dataset.turn;
        const verdict = open?.verdicts[turn];
        for (const thumb of block.querySelectorAll("[data-verdict]")) {
            thumb.ariaPressed = String(thumb.dataset.verdict === verdict);
        }
        if (shown.get(block) === turn) continue;
        // Gradio shows another answer in the place of one: what was typed there was not about this one.
        shown.set(block, turn);
        block.querySelector(".comment").hidden = true;
        block.querySelector("textarea").value = "";
        say(block, "");
    }
}

// What an answer is kept as comes a moment after the answer itself.
async function placeOf(turn) {
    for (let tries = 0; tries < 50; tries += 1) {
        const at = open ? open.bundle.turns.findIndex(({id}) => id === turn) : -1;
        if (at >= 0) return at;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return -1;
}

async function rate(block, verdict, comment) {
    const turn = block.dataset.turn;
    const at = await placeOf(turn);
    if (at < 0) return say(block, "Not kept: this conversation has grown too long.");
    const entry = open;
    const bundle = {...entry.bundle, turns: entry.bundle.turns.slice(Math.max(0, at + 1 - RATED), at + 1)};
    const made = await server.rate(JSON.stringify({verdict, comment, bundle: JSON.stringify(bundle)})).catch(() => null);
    if (block.dataset.turn !== turn) return undefined;
    say(block, made?.said ?? made?.error ?? UNANSWERED);
    if (!made?.said) return undefined;
    if (verdict) entry.verdicts[turn] = verdict;
    else delete entry.verdicts[turn];
    // One that was deleted meanwhile stays deleted.
    if (entries().some(({key}) => key === PREFIX + idOf(entry))) keep(entry);
    block.querySelector(".comment").hidden = !verdict;
    return paint();
}

document.addEventListener("click", (event) => {
    const button = event.target.closest("#conversation .feedback button");
    if (!button) return;
    const block = button.closest(".feedback");
    const given = open?.verdicts[block.dataset.turn];
    const field = block.querySelector("textarea");
    const comment = block.querySelector(".comment").hidden ? null : field.value.trim();
    if (button.matches(".save")) rate(block, given, comment);
    else rate(block, button.dataset.verdict === given ? null : button.dataset.verdict, comment);
});

new MutationObserver(paint).observe(document.documentElement, {
    childList: true,
    subtree: true,
    attributeFilter: ["data-turn"],
});
