/**
 * The page's one script: filter, sort, tooltips. Everything can be read without it. It makes no request, stores nothing and
 * writes only text, never markup; the policy names its hash, so no other script runs.
 */
export const script: string = `"use strict";
(() => {
  const list = document.querySelector("#alert-list");
  const tools = document.querySelector("#alert-tools");
  if (list && tools) {
    const cards = [...list.querySelectorAll(":scope > details.alert")];
    const texts = new Map(cards.map((card) => [card, card.textContent.toLowerCase()]));
    const field = (name) => tools.querySelector("[name=" + name + "]");
    const number = (card, name) => Number(card.dataset[name]);
    const newest = (a, b) => number(b, "time") - number(a, "time");
    const orders = {
      severity: (a, b) => number(b, "rank") - number(a, "rank") || newest(a, b),
      newest,
      oldest: (a, b) => newest(b, a),
      score: (a, b) => number(b, "score") - number(a, "score") || newest(a, b),
      principal: (a, b) => a.dataset.who.localeCompare(b.dataset.who) || newest(a, b),
    };
    const apply = () => {
      const words = field("text").value.toLowerCase().split(/\\s+/).filter(Boolean);
      const least = Number(field("severity").value);
      const detector = field("detector").value;
      let shown = 0;
      for (const card of cards) {
        const fits =
          number(card, "rank") >= least &&
          (detector === "" || card.dataset.detector === detector) &&
          words.every((word) => texts.get(card).includes(word));
        card.hidden = !fits;
        if (fits) shown++;
      }
      list.append(...cards.toSorted(orders[field("order").value] || orders.severity));
      tools.querySelector("output").value = shown + " of " + cards.length + " shown";
    };
    tools.addEventListener("input", apply);
    tools.addEventListener("submit", (event) => event.preventDefault());
    field("expand").addEventListener("click", () => {
      const visible = cards.filter((card) => !card.hidden);
      const open = visible.some((card) => !card.open);
      for (const card of visible) card.open = open;
    });
    tools.hidden = false;
    apply();
    const follow = () => {
      const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
      if (target && target.matches("details.alert")) target.open = true;
    };
    addEventListener("hashchange", follow);
    follow();
  }

  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);
  const tips = new WeakMap();
  const textOf = (element) => {
    const title = element.querySelector(":scope > title");
    if (title) {
      tips.set(element, title.textContent);
      title.remove();
    }
    return tips.get(element);
  };
  document.addEventListener("pointermove", (event) => {
    const element = event.target.closest ? event.target.closest("[data-tip]") : null;
    const text = element && textOf(element);
    tip.hidden = !text;
    if (!text) return;
    tip.textContent = text;
    const width = tip.offsetWidth;
    const left = Math.min(event.clientX + 14, innerWidth - width - 8);
    const below = event.clientY + 18;
    const fits = below + tip.offsetHeight < innerHeight;
    tip.style.left = Math.max(8, left) + "px";
    tip.style.top = (fits ? below : event.clientY - tip.offsetHeight - 10) + "px";
  });
  document.addEventListener("pointerleave", () => { tip.hidden = true; });
})();
`;
