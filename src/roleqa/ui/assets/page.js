// What Gradio leaves to be desired: its radio buttons are no group, neither for the arrow keys nor by name.
function groupRadios(fieldset) {
    fieldset.ariaLabel = fieldset.querySelector("[data-testid=block-info]").textContent;
    for (const radio of fieldset.querySelectorAll("input:not([name=role-choice])")) radio.name = "role-choice";
}

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
    document.querySelectorAll("fieldset#role").forEach(groupRadios);
}).observe(document.documentElement, {childList: true, subtree: true, attributeFilter: ["name"]});
