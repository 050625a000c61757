"""How the static pages look: one style sheet, light and dark, no script and no download."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #1d1d22; --soft: #5d5d68; --line: #dedbd5;
  --accent: #0b62a8; --bar: #0072b2; --well: #efece6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16171b; --card: #1f2026; --ink: #eceaf0; --soft: #a5a4b0; --line: #34353d;
    --accent: #7fc4f5; --bar: #56b4e9; --well: #2a2b32;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC",
    "PingFang SC", "Microsoft YaHei", sans-serif;
}
main { max-width: 76rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: clamp(1.6rem, 4vw, 2.3rem); line-height: 1.2; margin: 0 0 .6rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .8rem; }
.introduction { max-width: 46rem; color: var(--soft); margin: 0; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .7rem;
  background: var(--card); }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; text-align: left; padding: .6rem .9rem; color: var(--soft);
  font-size: .85rem; }
th, td { padding: .5rem .9rem; text-align: left; white-space: nowrap; }
thead th { font-size: .8rem; color: var(--soft); font-weight: 600; }
tbody tr { border-top: 1px solid var(--line); }
th.number, td.number { text-align: right; }
td.notes { white-space: normal; min-width: 14rem; color: var(--soft); font-size: .85rem; }
article { background: var(--card); border: 1px solid var(--line); border-radius: .9rem;
  padding: 1.1rem 1.2rem 1.3rem; margin: 0 0 1.2rem; }
article h3 { margin: 0; font-size: 1.3rem; line-height: 1.3; overflow-wrap: anywhere; }
.about { margin: .1rem 0 0; color: var(--soft); font-size: .85rem; }
.pictures { display: grid; gap: 1rem; margin-top: .9rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 9rem), 1fr)); }
figure { margin: 0; max-width: 34rem; }
figure img { display: block; width: 100%; height: auto; border-radius: .5rem;
  background: var(--well); }
figcaption { margin-top: .45rem; font-size: .9rem; }
figcaption .score { display: block; color: var(--soft); font-variant-numeric: tabular-nums; }
.bar { display: block; height: .3rem; margin-top: .3rem; border-radius: .2rem;
  background: var(--well); overflow: hidden; }
.bar span { display: block; height: 100%; background: var(--bar); }
.note { display: block; color: var(--soft); font-size: .82rem; }
details { margin-top: 1rem; }
summary { cursor: pointer; color: var(--accent); width: fit-content; }
summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
details .pictures {
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 11rem), 1fr)); }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .85rem; }
@media print { article { break-inside: avoid; } body { background: #fff; } }
"""
