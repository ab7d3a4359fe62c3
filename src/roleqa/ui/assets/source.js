// The source beside the conversation. Gradio runs this once, with `element` (what holds the pane) and `server`
// (what Python lets it call). Every link into a document, here or in an answer, opens in the pane; the
// address of the page follows, so that it can be passed on and the browser's own Back closes what it opened.
const pane = element.querySelector("#source");
const narrow = matchMedia("(max-width: 960px)");
const FIELDS = ["document", "start", "end", "check", "closest"];
const LINKS = "a.marker, a.place, #source a";
const UNANSWERED = `<article class="source missing">
    <header>
        <div class="tools">
            <button type="button" class="close" aria-label="Back: close source"><span class="word">Back</span></button>
        </div>
        <h2 tabindex="-1">No source to show</h2>
    </header>
    <p class="notice">The program that serves this page does not answer. Is it still running?</p>
</article>`;
let visits = 0;
let opener = null;

async function open(link, {focus = true} = {}) {
    const visit = ++visits;
    const box = document.querySelector("#question textarea");
    const written = box?.value;
    const html = await server.open_link(link).catch(() => null);
    if (visit !== visits) return;
    // Gradio hands on nothing at all where its own request has failed.
    pane.innerHTML = typeof html === "string" ? html : UNANSWERED;
    show(true);
    pane.querySelector(".page")?.addEventListener("scroll", follow, {passive: true});
    const target = pane.querySelector("mark") ?? pane.querySelector("section.here") ?? pane.querySelector("h2");
    target.scrollIntoView({block: target.matches("mark") ? "center" : "start", inline: "nearest"});
    settle(pane.querySelector("section.here"));
    for (const other of document.querySelectorAll("a.marker, a.place")) {
        if (other.search === link) other.setAttribute("aria-current", "true");
        else other.removeAttribute("aria-current");
    }
    // Whoever has begun to type meanwhile goes on.
    const typing = box && document.activeElement === box && box.value !== written;
    if (focus && !typing) (target.matches("section") ? pane.querySelector("h2") : target).focus({preventScroll: true});
}

function show(shown) {
    pane.hidden = !shown;
    document.documentElement.toggleAttribute("data-source", shown);
    shield();
    if (shown) return;
    visits += 1;
    for (const link of document.querySelectorAll("a[aria-current=true]")) link.removeAttribute("aria-current");
}

// What the sheet covers on a narrow screen is out of reach for the keyboard too.
function shield() {
    const covered = narrow.matches && !pane.hidden;
    for (const behind of document.querySelectorAll("#top, #tabs .tab-wrapper, #chat")) behind.inert = covered;
}
narrow.addEventListener("change", shield);

function address(link) {
    const url = new URL(location.href);
    for (const field of FIELDS) url.searchParams.delete(field);
    for (const [field, value] of new URLSearchParams(link)) url.searchParams.set(field, value);
    return url.href;
}

function visit(link) {
    const sheet = narrow.matches && pane.hidden;
    if (sheet) history.pushState({sheet: true}, "", address(link));
    else history.replaceState(history.state, "", address(link));
    open(link);
}

function close() {
    if (history.state?.sheet) {
        history.back();
        return;
    }
    history.replaceState(null, "", address(""));
    leave();
}

function leave() {
    show(false);
    (opener?.isConnected ? opener : document.querySelector("#question textarea")).focus();
}

const linked = () => new URLSearchParams(location.search).has("document");
window.addEventListener("popstate", () => (linked() ? open(location.search) : leave()));

// The outline marks the section being read, and the steps lead to its neighbours.
let current = null;
let pinned = false;

const sections = () => [...pane.querySelectorAll("section[id]")];
const entries = () => [...pane.querySelectorAll(".outline li a")];
const entryOf = (section) => entries().findIndex((entry) => entry.dataset.part === section?.id);

function settle(section) {
    current = section;
    pinned = true;
    mark();
}

function mark() {
    const here = entryOf(current);
    entries().forEach((entry, i) => {
        if (i === here) entry.setAttribute("aria-current", "location");
        else entry.removeAttribute("aria-current");
    });
    const name = pane.querySelector(".outline .here");
    if (name && here >= 0) name.textContent = entries()[here].textContent;
    for (const step of pane.querySelectorAll("[data-step]")) step.disabled = !entries()[here + Number(step.dataset.step)];
}

function follow() {
    if (pinned) return;
    const page = pane.querySelector(".page");
    // What is read moves from the top of the view, at the beginning, to its bottom, at the end.
    const progress = page.scrollTop / Math.max(1, page.scrollHeight - page.clientHeight);
    const line = page.getBoundingClientRect().top + page.clientHeight * progress;
    current = sections().findLast((section) => section.getBoundingClientRect().top <= line) ?? current;
    mark();
}
for (const gesture of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    pane.addEventListener(gesture, () => (pinned = false), {passive: true});
}

function go(entry) {
    pane.querySelector(".outline details").open = false;
    const section = document.getElementById(entry.dataset.part);
    if (!section) {
        visit(entry.search);
        return;
    }
    section.scrollIntoView({block: "start"});
    settle(section);
}

async function copy(button) {
    const link = address(button.dataset.link);
    const copied = await navigator.clipboard?.writeText(link).then(() => true, () => false);
    button.textContent = copied ? "Link copied" : "Copy it from the address bar";
    history.replaceState(history.state, "", link);
}

document.addEventListener("click", (event) => {
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    const link = event.target.closest(LINKS);
    if (link && plain) {
        event.preventDefault();
        if (link.dataset.part) {
            go(link);
        } else {
            if (!pane.contains(link)) opener = link;
            visit(link.search);
        }
    }
    const outline = pane.querySelector(".outline details");
    if (outline && !outline.contains(event.target)) outline.open = false;
});

pane.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.matches(".close")) close();
    if (button?.matches(".copy")) copy(button);
    if (button?.dataset.step) go(entries()[entryOf(current) + Number(button.dataset.step)]);
});

pane.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const outline = pane.querySelector(".outline details[open]");
    if (outline) {
        outline.open = false;
        outline.querySelector("summary").focus();
    } else {
        close();
    }
});

// On a wide screen the best source of a new answer opens beside it, and what is open never stands beside an
// answer that did not use it.
let answers = 0;
new MutationObserver(() => {
    const all = document.querySelectorAll("#conversation article.answer");
    if (all.length === answers) return;
    const best = all.length > answers ? all[all.length - 1].querySelector("a.marker") : null;
    answers = all.length;
    if (best && !narrow.matches) {
        opener = best;
        history.replaceState(history.state, "", address(best.search));
        open(best.search, {focus: false});
    } else if (!pane.hidden) {
        history.replaceState(null, "", address(""));
        show(false);
    }
}).observe(document.documentElement, {childList: true, subtree: true});

if (linked()) open(location.search);
