import { plainTable } from "../figure.ts";
import { count, percent, utcSecond } from "../format.ts";
import { isCountedElsewhere, type Omission, type ReportInput } from "../input.ts";
import { html, type Markup } from "../markup.ts";
import type { View } from "../view.ts";

/** What was read, what could not be, what was left out: how far the rest of the page can be trusted. */
export function healthSection({ input }: View): Markup {
  return html`<section id="health">
    <header>
      <h2>Coverage and health</h2>
      <p>How far the rest of this page can be trusted.</p>
    </header>
    <div class="panel">
      <h3>What was read</h3>
      ${
        isCountedElsewhere(input)
          ? html`<p>
              The Lambda functions count what they read as metrics in CloudWatch, namespace Keyhawk,
              and keep what they do not understand in the dead-letter bucket.
            </p>`
          : plainTable(counts(input))
      }
    </div>
    ${
      input.deadLetters.length > 0 &&
      html`<div class="panel">
        <h3>Set aside by reason</h3>
        ${deadLetters(input)}
      </div>`
    }
    ${
      input.outbox.length > 0 &&
      html`<div class="panel">
        <h3>Delivery</h3>
        ${delivery(input)}
      </div>`
    }
    ${
      input.omissions.length > 0 &&
      html`<div class="panel">
        <h3>Left out of this page</h3>
        <ul>
          ${input.omissions.map((each) => html`<li>${spokenOmission(each)}</li>`)}
        </ul>
      </div>`
    }
  </section>`;
}

/** `alerts shown in full: 200, and 312 others`. */
export function spokenOmission({ what, shown, others, atLeast = false }: Omission): string {
  return `${what}: ${count(shown)}, and ${atLeast ? "at least " : ""}${count(others)} ${others === 1 ? "other" : "others"}`;
}

function counts({ counters }: ReportInput) {
  const { records, kmsEvents } = counters;
  const share = (part: number, whole: number) => (whole > 0 ? percent(part / whole) : "–");
  return {
    caption: "What was read",
    columns: [
      { name: "" },
      { name: "number", numeric: true },
      { name: "share", numeric: true },
      { name: "meaning" },
    ],
    rows: [
      ["records", count(records), "", "CloudTrail records of any service"],
      [
        "KMS events",
        count(kmsEvents),
        share(kmsEvents, records),
        "of eventSource kms.amazonaws.com, copies included",
      ],
      [
        "duplicates",
        count(counters.duplicates),
        share(counters.duplicates, kmsEvents),
        "the same event delivered again; counted once",
      ],
      [
        "shared copies",
        count(counters.sharedCopies),
        share(counters.sharedCopies, kmsEvents),
        "the other account's copy of one call; counted once",
      ],
      [
        "late",
        count(counters.late),
        share(counters.late, kmsEvents),
        "arrived after their hour was closed; they changed no baseline",
      ],
      [
        "rejected",
        count(counters.rejected),
        share(counters.rejected, records),
        "not understood; kept as dead letters with the reason",
      ],
      [
        "files failed",
        count(counters.filesFailed),
        share(counters.filesFailed, counters.files),
        `could not be read, of ${count(counters.files)}; ${count(counters.filesSkipped)} more were of another kind`,
      ],
      [
        "suppressed",
        count(counters.suppressed),
        share(counters.suppressed, counters.alerts),
        `alerts muted by a suppression, of ${count(counters.alerts)} made`,
      ],
    ],
  };
}

function deadLetters({ deadLetters: groups }: ReportInput): Markup {
  return plainTable({
    caption: "Dead letters by reason",
    columns: [{ name: "reason" }, { name: "number", numeric: true }, { name: "for example" }],
    rows: groups.map((group) => [
      html`<code>${group.reason}</code>`,
      count(group.count),
      group.example,
    ]),
  });
}

function delivery({ outbox }: ReportInput): Markup {
  return plainTable({
    caption: "Delivery by sink",
    columns: [
      { name: "sink" },
      { name: "accepted", numeric: true },
      { name: "pending", numeric: true },
      { name: "given up", numeric: true },
      { name: "oldest pending, UTC" },
    ],
    rows: outbox.map((each) => [
      each.sink,
      count(each.accepted),
      count(each.pending),
      count(each.parked),
      each.oldestPendingMs === undefined ? "–" : utcSecond(each.oldestPendingMs),
    ]),
  });
}
