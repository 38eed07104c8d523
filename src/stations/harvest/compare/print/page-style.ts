/** One style for light and dark. It loads nothing. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fafaf8;--ink:#1d2422;--soft:#5d6965;--line:#dde2df;--card:#fff;--head:#f1f3f1;--bad:#b3372f;--badbg:#fbecea;--web:#2c5f9e;--webbg:#e8f0fa;--der:#6d5a1e;--derbg:#f6efd9;--z:#8a4fae;--y:#2e8267;--x:#c46a1b;--box:#cfdcd7;--boxtop:#e3ebe8;--boxside:#b4c7c0}
@media(prefers-color-scheme:dark){:root{--bg:#151918;--ink:#e5eae8;--soft:#9aa7a2;--line:#2d3532;--card:#1c2220;--head:#232a28;--bad:#ec8b82;--badbg:#3a2320;--web:#8fb8ea;--webbg:#1e2c3f;--der:#d8bf73;--derbg:#342d18;--z:#c397e0;--y:#6cc3a5;--x:#eaa263;--box:#3b4945;--boxtop:#4c5c57;--boxside:#2c3734}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:84rem;padding:2.2rem 1.4rem 5rem;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI","DejaVu Sans",sans-serif}
h1{margin:0;font-size:1.9rem;letter-spacing:-.01em}h2{font-size:1.15rem;margin:2.4rem 0 .5rem}
.lead{margin:.2rem 0 0;color:var(--soft);overflow-wrap:anywhere;max-width:60rem}.says{color:var(--soft);margin:0 0 .7rem;font-size:.9rem;max-width:60rem}
.tiles{display:flex;flex-wrap:wrap;gap:.6rem;list-style:none;margin:1.2rem 0 0;padding:0}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.45rem 1rem;color:var(--soft);font-size:.85rem}
.tiles b{display:block;font-size:1.25rem;color:var(--ink);font-weight:600;font-variant-numeric:tabular-nums}.tiles .bad b{color:var(--bad)}
.wide{overflow:auto;max-height:82vh;border:1px solid var(--line);border-radius:.5rem;background:var(--card)}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:.88rem}
th,td{padding:.42rem .75rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);white-space:nowrap;font-variant-numeric:tabular-nums}
tbody tr:last-child>*{border-bottom:0}
thead th{position:sticky;top:0;z-index:2;background:var(--head);font-weight:600;color:var(--soft)}
tbody th{position:sticky;left:0;z-index:1;background:var(--card);font-weight:600;max-width:16rem;overflow:hidden;text-overflow:ellipsis}
thead th:first-child{left:0;z-index:3}
tbody tr:hover>*{background:var(--head)}
td.disputed{background:var(--badbg)}td.absent{color:var(--soft)}td .original{color:var(--soft)}
.mark{font-size:.74rem;border-radius:.3rem;padding:.05rem .35rem;margin-left:.4rem}.mark.web{color:var(--web);background:var(--webbg)}.mark.derived{color:var(--der);background:var(--derbg)}
sup a,.number{color:var(--bad);font-weight:600;text-decoration:none}
.conflicts{list-style:none;padding:0;margin:0;display:grid;gap:.5rem}
.conflicts li{background:var(--card);border:1px solid var(--line);border-left:3px solid var(--bad);border-radius:.4rem;padding:.5rem .9rem;overflow-wrap:anywhere}
.conflicts li:target{background:var(--badbg)}.field{color:var(--soft)}
.notes{padding-left:1.2rem;margin:.2rem 0}.notes li{overflow-wrap:anywhere}
details{background:var(--card);border:1px solid var(--line);border-radius:.5rem;margin:.45rem 0;padding:.5rem .9rem}summary{cursor:pointer}summary span{color:var(--soft)}
details ul{margin:.5rem 0 .2rem;padding-left:1.2rem}details li{overflow-wrap:anywhere}
a{color:var(--web)}code{font:.87em ui-monospace,"DejaVu Sans Mono",monospace}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1rem 1.1rem;overflow-x:auto}
svg{display:block;width:100%;min-width:42rem;height:auto;font:12.5px system-ui,"Segoe UI","DejaVu Sans",sans-serif}svg text{fill:var(--ink)}
svg .grid{stroke:var(--line)}svg .tick{fill:var(--soft);font-size:11px;text-anchor:middle}svg .tick.start{text-anchor:start}
svg line.landmark{stroke:var(--soft);stroke-dasharray:2 4;opacity:.7}svg text.landmark{fill:var(--soft);font-size:11px;text-anchor:middle;font-style:italic}
svg .name{font-weight:600}svg .end{font-size:11.5px;fill:var(--soft)}svg .end.left{text-anchor:end}
svg .bar{stroke:currentColor;stroke-width:2.4}svg circle,svg .scale rect,svg g[class^=axis] rect{fill:currentColor}
.axis-z{color:var(--z)}.axis-y{color:var(--y)}.axis-x{color:var(--x)}.axis-other{color:var(--soft)}
svg .front{fill:var(--box)}svg .top{fill:var(--boxtop)}svg .side{fill:var(--boxside)}svg polygon{stroke:var(--soft);stroke-width:.7;stroke-linejoin:round}
svg .scalebar{stroke:var(--ink);stroke-width:3}
figcaption{color:var(--soft);font-size:.84rem;margin-top:.6rem}.key{font-weight:600}
footer{margin-top:3rem;color:var(--soft);font-size:.85rem}
@media print{body{max-width:none;padding:0}.wide{overflow:visible;max-height:none}thead th,tbody th{position:static}details{break-inside:avoid}}
`.trim();
