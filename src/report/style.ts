import { colorRamp } from "./charts/color-ramp.ts";

/** The page's one style sheet. The policy names its hash, so no other style, not even an attribute, takes effect. */
export const style: string = [
  `:root{color-scheme:light dark;${variables("light")}}`,
  `@media (prefers-color-scheme:dark){:root{${variables("dark")}}}`,
  base(),
  layout(),
  alerts(),
  charts(),
  narrowAndPrint(),
].join("\n");

type Scheme = "light" | "dark";

function variables(scheme: Scheme): string {
  const light = {
    bg: "#f7f7f5",
    panel: "#ffffff",
    ink: "#1a1d21",
    soft: "#545b64",
    faint: "#6b727b",
    line: "#e2e3e0",
    rule: "#ecece9",
    link: "#1f5a96",
    series: "#5f7f9e",
    room: "#e9eef3",
    limit: "#7d93a8",
    over: "#b83a0a",
    mark: "#a0123f",
    s0: "#7a828c",
    s1: "#3b82b5",
    s2: "#c58a00",
    s3: "#cf4f08",
    s4: "#98103f",
  };
  const dark = {
    bg: "#0e1114",
    panel: "#151a1f",
    ink: "#e8ebee",
    soft: "#a9b2bc",
    faint: "#8a949f",
    line: "#2a3138",
    rule: "#20262c",
    link: "#86b9ea",
    series: "#7fa3c4",
    room: "#1d262f",
    limit: "#5f7890",
    over: "#ff8a4c",
    mark: "#ff7aa6",
    s0: "#8a949f",
    s1: "#63a9dc",
    s2: "#e8b23a",
    s3: "#ff8a4c",
    s4: "#ff6f9c",
  };
  const colors = Object.entries(scheme === "light" ? light : dark);
  const ramp = colorRamp(scheme).map((color, level) => [`m${level}`, color] as const);
  return [...colors, ...ramp].map(([name, color]) => `--${name}:${color}`).join(";");
}

function base(): string {
  return `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:3.5rem}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
a{color:var(--link);text-underline-offset:.15em}
h1,h2,h3,h4,p,ul,ol,dl,dd,figure{margin:0;padding:0}
h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.015em;font-weight:650}
h2{font-size:1.2rem;line-height:1.3;letter-spacing:-.01em;font-weight:650}
h3{font-size:.95rem;line-height:1.4;font-weight:620}
h4{font-size:.8rem;line-height:1.4;font-weight:600;color:var(--soft)}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
summary{cursor:pointer}
.soft{color:var(--soft)}
.small{font-size:.86rem}
.hidden,[hidden]{display:none!important}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;background:var(--panel);padding:.4rem .7rem;z-index:9}
.visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}`;
}

function layout(): string {
  return `
.page{max-width:1180px;margin:0 auto;padding:0 1.5rem 4rem}
.masthead{padding:2.4rem 0 1.4rem}
.brand{display:flex;align-items:center;gap:.5rem;font-weight:650;font-size:.86rem;color:var(--soft);margin-bottom:.9rem}
.brand svg{width:1.25rem;height:1.25rem}
.lead{font-size:1.08rem;max-width:62ch;margin-top:.7rem}
.lead+p{margin-top:.35rem}
nav{position:sticky;top:0;z-index:3;background:var(--bg);border-bottom:1px solid var(--line);margin-bottom:1.6rem}
nav ul{display:flex;gap:1.3rem;list-style:none;overflow-x:auto;padding:.7rem 0}
nav a{color:var(--soft);text-decoration:none;white-space:nowrap;font-size:.9rem}
nav a:hover{color:var(--ink);text-decoration:underline}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.2rem,1fr));gap:1px;background:var(--line);border:1px solid var(--line);
border-radius:10px;overflow:hidden;margin-bottom:1.2rem}
.tiles div{background:var(--panel);padding:.8rem 1rem}
.tiles dt{font-size:.82rem;color:var(--soft)}
.tiles dd{font-size:1.35rem;font-weight:620;letter-spacing:-.01em;line-height:1.3}
.tiles dd small{display:block;font-size:.78rem;font-weight:400;color:var(--faint);letter-spacing:0}
section{margin-top:2.8rem}
section>header{margin-bottom:1rem;max-width:72ch}
section>header p{color:var(--soft);margin-top:.25rem}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.2rem;margin-top:1rem}
.note{border-left:3px solid var(--limit);padding:.1rem 0 .1rem .8rem;color:var(--soft);margin-top:.9rem;max-width:72ch}
.empty{background:var(--panel);border:1px dashed var(--line);border-radius:10px;padding:1.4rem;color:var(--soft)}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(17.5rem,1fr));gap:1rem;margin-top:1rem}
.grid .panel{margin:0;padding:.9rem 1rem}
.scroll{overflow-x:auto}
figure+figure{margin-top:1.4rem}
figcaption{margin-bottom:.5rem}
figcaption p{color:var(--soft);font-size:.86rem}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;font-size:.82rem;color:var(--soft);margin-top:.5rem;list-style:none;align-items:center}
.legend svg{height:.85em;width:auto;vertical-align:-.08em;margin-right:.35em}
.twin{margin-top:.6rem;font-size:.84rem}
.twin>summary{color:var(--soft);width:fit-content}
.twin .scroll{margin-top:.5rem;max-height:26rem;overflow:auto;border:1px solid var(--line);border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:.84rem}
th,td{text-align:left;padding:.3rem .7rem;border-bottom:1px solid var(--rule);vertical-align:top;overflow-wrap:normal}
th{font-weight:600;color:var(--soft);white-space:nowrap}
thead th{position:sticky;top:0;background:var(--panel)}
td.n,th.n{text-align:right;white-space:nowrap}
dl.guide{display:grid;grid-template-columns:minmax(9rem,13rem) 1fr;gap:.6rem 1.4rem;max-width:78ch}
dl.guide dt{font-weight:600}
dl.guide dd{color:var(--soft)}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--faint);font-size:.84rem}`;
}

function alerts(): string {
  return `
.tools{display:flex;flex-wrap:wrap;gap:.6rem;align-items:end;margin-bottom:.8rem}
.tools label{display:grid;gap:.15rem;font-size:.8rem;color:var(--soft)}
.tools input,.tools select,.tools button{font:inherit;font-size:.9rem;color:var(--ink);background:var(--panel);border:1px solid var(--line);
border-radius:6px;padding:.35rem .55rem;min-height:2.2rem;max-width:100%}
.tools input{width:17rem}
.tools button{cursor:pointer}
.tools output{font-size:.86rem;color:var(--soft);margin-left:auto;padding-bottom:.4rem}
.alert{background:var(--panel);border:1px solid var(--line);border-radius:10px;margin-top:.5rem}
.alert>summary{display:grid;grid-template-columns:7.2rem 1fr 8.2rem 8.6rem;gap:.2rem 1rem;align-items:baseline;padding:.75rem 1.1rem;list-style:none}
.alert>summary::-webkit-details-marker{display:none}
.alert>summary:hover .name{text-decoration:underline;text-underline-offset:.2em}
.alert[open]>summary{border-bottom:1px solid var(--rule)}
.alert .name{font-weight:600}
.alert .who{display:block;font-weight:400;color:var(--soft);font-size:.86rem}
.alert .when,.alert .rate{font-size:.86rem;color:var(--soft);white-space:nowrap}
.alert .rate{display:flex;gap:.5rem;align-items:center;justify-content:end}
.alert .rate svg{width:5.2rem;height:.45rem}
.alert.muted .name{color:var(--soft)}
.sev{display:inline-flex;align-items:center;gap:.45rem;font-size:.86rem;font-weight:600;white-space:nowrap}
.sev svg{width:.85rem;height:.85rem;flex:none}
.tag{display:inline-block;border:1px solid var(--line);border-radius:5px;padding:0 .4rem;font-size:.76rem;font-weight:500;color:var(--soft);margin-left:.4rem}
.body{padding:1.1rem 1.2rem 1.3rem;display:grid;grid-template-columns:minmax(0,1.35fr) minmax(0,1fr);gap:1.4rem 2.2rem}
.body .wide{grid-column:1/-1}
.body h4{margin-bottom:.45rem}
.body .story{font-size:1.02rem;max-width:70ch}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.3rem 1rem;font-size:.88rem}
.facts dt{color:var(--soft)}
.steps{padding-left:1.25rem;font-size:.92rem}
.steps li{margin-bottom:.3rem;padding-left:.15rem}
.samples{list-style:none;font-size:.88rem}
.samples li{padding:.12rem 0}
.reasons{list-style:none;font-size:.9rem;margin-top:.5rem}
.reasons li{display:grid;grid-template-columns:.8rem 2.6rem 1fr;gap:.5rem;align-items:baseline;padding:.16rem 0}
.reasons b{text-align:right;font-weight:620}
.reasons svg{width:.8rem;height:.8rem}
.cli{display:block;background:var(--bg);border:1px solid var(--rule);border-radius:6px;padding:.45rem .6rem;margin-top:.4rem;overflow-x:auto;white-space:pre;overflow-wrap:normal}`;
}

function charts(): string {
  const ramp = colorRamp("light").map((_, level) => `.m${level}{fill:var(--m${level})}`);
  const severity = [0, 1, 2, 3, 4].map((rank) => `.s${rank}{fill:var(--s${rank})}`);
  const reasons = [0, 1, 2, 3, 4, 5].map((index) => `.r${index}{fill:var(--m${8 - index})}`);
  return `
svg.chart{display:block;width:100%;height:auto;font:11px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-variant-numeric:tabular-nums}
svg.wide-chart{min-width:46rem}
svg.mid-chart{min-width:30rem}
svg.fixed-chart{width:auto;max-width:none}
svg text{fill:var(--soft)}
svg text.strong{fill:var(--ink);font-weight:600}
.axis{stroke:var(--line);stroke-width:1}
.gridline{stroke:var(--rule);stroke-width:1}
.room{fill:var(--room)}
.limit{fill:none;stroke:var(--limit);stroke-width:1}
.expected{fill:none;stroke:var(--soft);stroke-width:1.1;stroke-dasharray:3 2.5}
.observed{fill:var(--series)}
.over{fill:var(--over)}
.gap{fill:url(#hatch)}
.hatch{stroke:var(--limit);stroke-width:1}
.window{fill:none;stroke:var(--mark);stroke-width:1.2}
.ring{fill:none;stroke:var(--mark);stroke-width:1.8}
.dot{fill:var(--mark);stroke:var(--panel);stroke-width:1}
.outline{fill:none;stroke:var(--mark);stroke-width:1.6}
.track{fill:var(--rule)}
.hit{fill:transparent}
.hit:hover{fill:var(--ink);fill-opacity:.07}
.cell:hover{stroke:var(--ink);stroke-width:1.5}
.minus{fill:url(#hatch)}
.muted-mark{fill-opacity:.35}
.tip{position:fixed;z-index:20;pointer-events:none;background:var(--ink);color:var(--bg);font-size:.8rem;line-height:1.4;padding:.3rem .55rem;border-radius:5px;
max-width:22rem;white-space:pre-line}
${ramp.join("")}${severity.join("")}${reasons.join("")}`;
}

function narrowAndPrint(): string {
  return `
@media (max-width:760px){
.page{padding:0 1rem 3rem}
.masthead{padding:1.5rem 0 1rem}
.tiles{grid-template-columns:repeat(2,1fr)}
.alert>summary{grid-template-columns:1fr auto;padding:.7rem .9rem}
.alert .name{grid-column:1/-1;grid-row:2}
.alert .when{grid-row:1;grid-column:2}
.alert .rate{display:none}
.body{grid-template-columns:minmax(0,1fr);padding:.9rem}
.panel{padding:.9rem}
.panel{overflow-x:auto}
.tools label,.tools input,.tools select{width:100%}
.tools output{margin-left:0}
dl.guide{grid-template-columns:1fr;gap:.1rem}
dl.guide dd{margin-bottom:.7rem}
.facts{grid-template-columns:1fr;gap:0}
.facts dd{margin-bottom:.4rem}
}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media print{
:root{color-scheme:light;${variables("light")}}
body{background:#fff;font-size:10pt}
nav,.tools,.twin,.skip,.cli{display:none!important}
.page{max-width:none;padding:0}
.panel,.alert,figure{break-inside:avoid}
details.alert::details-content{content-visibility:visible;block-size:auto}
svg.wide-chart,svg.mid-chart{min-width:0}
.scroll{overflow:visible}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}`;
}
