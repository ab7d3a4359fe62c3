// A number such as [1] in an answer opens the source that it names, and takes the keyboard there.
document.addEventListener("click", (event) => {
    const marker = event.target.closest("a.marker");
    const source = marker && document.getElementById(marker.hash.slice(1));
    if (!source) return;
    event.preventDefault();
    source.open = true;
    source.querySelector("summary").focus({preventScroll: true});
    source.scrollIntoView({block: "nearest"});
    source.querySelector("mark").scrollIntoView({block: "nearest"});
});

// A new question moves to the top of the conversation, so that its answer is read from its beginning.
let shown = 0;
new MutationObserver(() => {
    const log = document.querySelector("#conversation [role=log]");
    const rows = log ? log.querySelectorAll(".message-row") : [];
    if (rows.length > shown) {
        const question = [...rows].findLast((row) => row.classList.contains("user-row"));
        log.scrollTop += question.getBoundingClientRect().top - log.getBoundingClientRect().top - 20;
    }
    shown = rows.length;
}).observe(document.documentElement, {childList: true, subtree: true});
