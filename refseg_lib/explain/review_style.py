"""How the review panel looks: in JupyterLab's own colours, light and dark."""

REVIEW_STYLE = """
.refseg-review {
  --ink: var(--jp-ui-font-color1, #1d1d22); --soft: var(--jp-ui-font-color2, #5d5d68);
  --card: var(--jp-layout-color1, #ffffff); --well: var(--jp-layout-color2, #efece6);
  --line: var(--jp-border-color2, #dedbd5); --accent: #0b62a8; --bad: #b3261e; --good: #1b6e3c;
  max-width: 62rem; padding: 1.1rem 1.25rem 1.2rem !important; overflow: visible !important;
  background: var(--card); color: var(--ink); border: 1px solid var(--line); border-radius: 12px;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC",
    "PingFang SC", "Microsoft YaHei", sans-serif;
}
[data-jp-theme-light="false"] .refseg-review {
  --accent: #7fc4f5; --bad: #ffb4ab; --good: #8bd8a5; }
.refseg-review .widget-html, .refseg-review .widget-html-content {
  width: 100%; min-width: 0; height: auto; line-height: 1.5; overflow: visible; margin: 0;
  font-size: 15px; color: var(--ink); white-space: normal; }
.refseg-review .refseg-columns { display: grid; gap: 1.4rem; overflow: visible;
  grid-template-columns: minmax(min(100%, 17rem), 1.15fr) minmax(min(100%, 19rem), 1fr); }
@media (max-width: 46rem) { .refseg-review .refseg-columns { grid-template-columns: 1fr; } }
.refseg-review .refseg-words { overflow: visible; align-self: center; }
.refseg-review figure { margin: 0; }
.refseg-review img { display: block; width: 100%; height: auto; border-radius: 8px;
  background: var(--well); }
.refseg-review figcaption { color: var(--soft); font-size: 13px; margin-top: .4rem; }
.refseg-review .absent { border: 1px dashed var(--line); border-radius: 8px; padding: 2rem 1rem;
  color: var(--bad); }
.refseg-review .head { display: flex; gap: .5rem 1.4rem; flex-wrap: wrap; align-items: baseline;
  justify-content: space-between; font-variant-numeric: tabular-nums; }
.refseg-review .head strong { font-size: 17px; }
.refseg-review .head span { color: var(--soft); font-size: 13px; }
.refseg-review .track { display: flex; height: 8px; margin: .45rem 0 1rem; border-radius: 4px;
  background: var(--well); overflow: hidden; }
.refseg-review .track i { display: block; height: 100%; }
.refseg-review .track .accepted { background: #0072b2; }
.refseg-review .track .corrected { background: #56b4e9; }
.refseg-review .track .rejected { background: #d55e00; }
.refseg-review .label { color: var(--soft); font-size: 13px; margin: 0; }
.refseg-review .english { font-size: 22px; line-height: 1.35; font-weight: 600;
  margin: .1rem 0 .9rem; overflow-wrap: anywhere; }
.refseg-review .badge { display: inline-block; padding: 0 .5rem; border-radius: 1rem;
  border: 1px solid var(--line); font-size: 12px; color: var(--soft); margin-left: .4rem; }
.refseg-review .jupyter-widgets.refseg-chinese { width: 100%; height: auto; margin: 0 0 .9rem;
  display: block; }
.refseg-review .refseg-chinese label { display: block; width: auto; text-align: left;
  color: var(--soft); font-size: 13px; line-height: 1.5; height: auto; margin: 0 0 .3rem; }
.refseg-review .refseg-chinese input { width: 100%; height: 46px; padding: 0 .7rem;
  font-size: 22px !important; color: var(--ink); background: var(--card);
  border: 1px solid var(--soft); border-radius: 8px; box-sizing: border-box; }
.refseg-review .refseg-buttons { gap: .5rem; flex-wrap: wrap; overflow: visible;
  margin-bottom: .5rem; }
.refseg-review button { min-width: 0; width: auto; height: 36px; line-height: 1; margin: 0;
  padding: 0 .9rem; border-radius: 8px; border: 1px solid var(--line); font-size: 14px;
  background: var(--card); color: var(--ink); box-shadow: none; }
.refseg-review button:hover:enabled { border-color: var(--soft); box-shadow: none; }
.refseg-review button.refseg-main:enabled { background: #0b62a8; border-color: #0b62a8; color: #fff;
  font-weight: 600; }
.refseg-review button:disabled { opacity: .45; }
.refseg-review button:focus-visible, .refseg-review input:focus-visible {
  outline: 3px solid var(--accent) !important; outline-offset: 2px; }
.refseg-review .refseg-darken { width: auto; margin: .35rem 0 0; height: auto; }
.refseg-review .refseg-darken label, .refseg-review .refseg-darken span { font-size: 13px;
  color: var(--soft); }
.refseg-review .status { margin: .4rem 0 0; min-height: 1.5em; font-size: 14px;
  color: var(--soft); overflow-wrap: anywhere; }
.refseg-review .status.wrong { color: var(--bad); }
.refseg-review .status.right { color: var(--good); }
"""
