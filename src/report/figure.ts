import { html, type Markup, type Part } from "./markup.ts";

/** A chart with its caption and its twin: the same numbers as a table, to be read aloud or copied. */
export interface Figure {
  readonly title: string;
  readonly note?: string | undefined;
  readonly chart: Markup;
  readonly legend?: Markup | undefined;
  readonly table?: Table | undefined;
}

export interface Table {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Part[])[];
  /** Rows that exist beyond those given. */
  readonly others?: number;
}

export interface Column {
  readonly name: string;
  /** Right-aligned. */
  readonly numeric?: boolean;
}

/** Most rows of one table on the page; the rest is counted below it. */
export const mostTableRows = 400;

export function figure({ title, note, chart, legend, table }: Figure): Markup {
  return html`<figure>
    <figcaption>
      <h3>${title}</h3>
      ${note !== undefined && html`<p>${note}</p>`}
    </figcaption>
    <div class="scroll" tabindex="0" role="group" aria-label="${title}">${chart}</div>
    ${legend}${table !== undefined && twin(table)}
  </figure>`;
}

/** A table folded away under the chart that it repeats. */
export function twin(table: Table): Markup {
  return html`<details class="twin">
    <summary>As a table</summary>
    <div class="scroll" tabindex="0" role="group" aria-label="${table.caption}">
      ${plainTable(table)}
    </div>
  </details>`;
}

export function plainTable({ caption, columns, rows, others = 0 }: Table): Markup {
  const shown = rows.slice(0, mostTableRows);
  const left = rows.length - shown.length + others;
  const head = columns.map(
    (column) => html`<th scope="col" ${numeric(column)}>${column.name}</th>`,
  );
  const body = shown.map(
    (row) =>
      html`<tr>
        ${row.map((cell, index) => html`<td${numeric(columns[index])}>${cell}</td>`)}
      </tr> `,
  );
  const rest =
    left > 0 &&
    html`<tr>
      <td colspan="${columns.length}">and ${left} others</td>
    </tr>`;
  return html`<table>
    <caption class="visually-hidden">
      ${caption}
    </caption>
    <thead>
      <tr>
        ${head}
      </tr>
    </thead>
    <tbody>
      ${body}${rest}
    </tbody>
  </table>`;
}

export function legend(items: readonly (readonly [Markup, string])[]): Markup {
  return html`<ul class="legend">
    ${items.map(([key, text]) => html`<li>${key}${text}</li>`)}
  </ul>`;
}

function numeric(column: Column | undefined): Part {
  return column?.numeric === true && html` class="n"`;
}
