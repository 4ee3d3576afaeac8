import { html, type Markup } from "../markup.ts";

/** How to read the page. */
export function guideSection(): Markup {
  const entries: readonly (readonly [string, string])[] = [
    ["Times", "All times are UTC and event time: when the call was made, not when it was read."],
    [
      "Principal",
      "Who acted, the same across sessions: a role and not its session, a user, an account's root, an AWS service. For roles that people share, each person is watched apart.",
    ],
    [
      "Score and severity",
      "0 to 100, the sum of the reasons shown. From 20 low, from 40 medium, from 70 high, from 90 critical. A hatched reason lowers the score.",
    ],
    [
      "Expected and limit",
      "Learned from earlier hours of the same principal, key or account at that time of the day and week. The limit was fixed before the hour began. While a baseline is learning there is none.",
    ],
    [
      "Baseline",
      "learning: too little was seen to judge by itself; young: judged together with its like; mature: judged by itself.",
    ],
    [
      "Muted",
      "A suppression with an owner and an expiry matched. Muted alerts are kept and counted, not sent.",
    ],
    [
      "Hatched hours",
      "Nothing at all was seen then, of any account. It says nothing about calls: check the stream before you trust the silence.",
    ],
    [
      "Colours",
      "Maps are logarithmic: each step is several times the one before. Order is by lightness, severity also by shape, so that no colour needs to be told from another.",
    ],
    [
      "Names",
      "A label ends with the last four digits of its account. Strings from CloudTrail are shown as written, hidden characters as ⟨U+…⟩: they may be an attacker's.",
    ],
  ];
  return html`<section id="guide">
    <header><h2>How to read this page</h2></header>
    <dl class="guide">
      ${entries.map(
        ([name, text]) =>
          html`<dt>${name}</dt>
            <dd>${text}</dd>`,
      )}
    </dl>
  </section>`;
}
