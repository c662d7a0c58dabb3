// Comforts only: every page works without this file.
"use strict";
document.documentElement.classList.add("script");

// A list of products gets shorter while its name is typed.
for (const input of document.querySelectorAll("input[data-filter]")) {
  const list = document.getElementById(input.dataset.filter);
  if (!list) continue;
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of list.children) item.hidden = !words.every((word) => item.dataset.words.includes(word));
  });
}

// Another design shows at once, and is the one that will be printed.
for (const select of document.querySelectorAll("select[data-picture]")) {
  select.addEventListener("change", () => {
    const picture = document.getElementById(select.dataset.picture);
    const address = new URL(picture.src);
    address.searchParams.set("design", select.value);
    picture.src = address.href;
    for (const field of document.querySelectorAll("input[data-design]")) field.value = select.value;
  });
}

// A label that a design has no room for has no picture.
const picture = document.getElementById("picture");
if (picture) {
  const undrawn = document.getElementById("undrawn");
  const show = (drawn) => { undrawn.hidden = drawn; picture.hidden = !drawn; };
  picture.addEventListener("load", () => show(true));
  picture.addEventListener("error", () => show(false));
  if (picture.complete) show(picture.naturalWidth > 0);
}

// A second tap with a wet finger sends nothing; another button does, because a download leaves its page as it is.
for (const form of document.querySelectorAll("form[method=post]")) {
  let tapped = null;
  form.addEventListener("submit", (event) => {
    const button = event.submitter ?? form;
    if (button === tapped) return event.preventDefault();
    tapped = button;
    setTimeout(() => { tapped = null; }, "download" in button.dataset ? 1500 : 10000);
  });
}
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// Counts and jobs stay fresh while a printer works.
const live = document.getElementById("live");
if (live) {
  const refresh = async () => {
    if (!document.hidden && "busy" in live.dataset && !live.contains(document.activeElement)) {
      const answer = await fetch(live.dataset.live, { headers: { Accept: "text/html" } }).catch(() => null);
      if (answer && answer.status === 401) return location.reload();
      if (answer && answer.ok) {
        live.innerHTML = await answer.text();
        if (answer.headers.get("X-Busy") === "no") return location.reload();
      }
    }
    setTimeout(refresh, 1000);
  };
  refresh();
}

// What went wrong is read and seen first.
document.getElementById("wrong")?.focus();
