"""Writes a flame graph of joules as an HTML page, with a table.

One file that needs nothing else. It is read without JavaScript; with it, a click goes into a box
and a word finds functions.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from sobriety.core.display import energy as shown
from sobriety.core.estimate import Estimate

from .functions import Frame, Stack, by_function

LEAST_RATIO = 0.001
"""Narrower boxes are left out: a pixel of a screen."""
MOST_ROWS = 30
DEEPEST = 120
HUES = 24


@dataclass(slots=True)
class _Box:
    """A function under those that called it. `ratio` is with all that it called."""

    frame: Frame
    ratio: float = 0.0
    below: dict[Frame, _Box] = field(default_factory=dict["Frame", "_Box"])


def page(title: str, shares: Mapping[Stack, float], energy: Estimate) -> str:
    """The whole document. `shares` add up to 1."""
    root = _Box(Frame("all"))
    for stack, share in shares.items():
        box = root
        box.ratio += share
        for frame in stack[:DEEPEST]:
            box = box.below.setdefault(frame, _Box(frame))
            box.ratio += share
    parts = [
        _HEAD.format(title=escape(title), style=_STYLE),
        f"<h1>{escape(title)}</h1>\n<p class=sum><b>{escape(shown(energy))}</b>, {energy.basis}."
        " Boxes are as wide as their joules; what is below a box was called by it."
        f"</p>\n<p class=how>{escape(str(energy.method))}; shared out by samples of py-spy</p>\n",
        "<form id=find hidden><label>Find <input type=search autocomplete=off></label>"
        " <output></output> <button type=button>Whole</button></form>\n",
        "<ul class=flame>\n",
    ]
    _write(root, 1.0, energy, parts)
    parts += [
        "</ul>\n",
        *_table(shares, energy),
        f"</main><script>{_SCRIPT}</script>\n</body></html>\n",
    ]
    return "".join(parts)


def _write(box: _Box, whole: float, energy: Estimate, parts: list[str]) -> None:
    """A box and those below it, as nested lists: read aloud they are the tree that they are."""
    share = f"{100 * box.ratio:.1f} %"
    told = escape(f"{box.frame}: {shown(energy.scaled(min(1.0, box.ratio)))}, {share}")
    hue = zlib.crc32(box.frame.file.encode()) % HUES if box.frame.file else "x"
    name = escape(box.frame.name)
    parts.append(
        f'<li style="flex-grow:{box.ratio / whole:.4f}"><a class=h{hue} title="{told}"'
        f" tabindex=-1>{name} <small>{share}</small></a>"
    )
    below = sorted(box.below.values(), key=lambda b: (-b.ratio, b.frame))
    wide = [b for b in below if b.ratio >= LEAST_RATIO]
    if wide and box.ratio:
        parts.append("<ul>")
        for inner in wide:
            _write(inner, box.ratio, energy, parts)
        # Its own, and what is too narrow: nothing, as wide as that.
        rest = 1 - sum(b.ratio for b in wide) / box.ratio
        if rest > LEAST_RATIO:
            parts.append(f'<li class=own style="flex-grow:{rest:.4f}" aria-hidden=true></li>')
        parts.append("</ul>")
    parts.append("</li>\n")


def _table(shares: Mapping[Stack, float], energy: Estimate) -> list[str]:
    costs = by_function(shares, energy)
    rows = [
        f"<tr><th scope=row>{escape(c.frame.name)}</th><td>{escape(_place(c.frame))}</td>"
        f"<td>{escape(shown(c.own))}</td><td>{100 * c.own_ratio:.1f} %</td>"
        f"<td>{escape(shown(c.total))}</td></tr>\n"
        for c in costs[:MOST_ROWS]
    ]
    left = len(costs) - len(rows)
    more = f"<p>and {left} functions that cost less</p>\n" if left > 0 else ""
    return [
        "<div class=wide><table><caption>Functions by their own joules</caption><thead><tr>"
        "<th scope=col>Function</th><th scope=col>Where</th><th scope=col>Itself</th>"
        "<th scope=col>Share</th><th scope=col>With what it called</th></tr></thead><tbody>\n",
        *rows,
        f"</tbody></table></div>\n{more}",
    ]


def _place(frame: Frame) -> str:
    return f"{frame.file}:{frame.line}" if frame.file else ""


_HEAD = """<!DOCTYPE html>
<html lang=en><head><meta charset=utf-8>
<meta name=viewport content="width=device-width,initial-scale=1">
<meta name=color-scheme content="light dark">
<title>{title}</title>
<style>{style}</style></head><body><main>
"""

_COLOURS = "".join(
    f".h{i}{{background:light-dark(hsl({hue} 55% 84%),hsl({hue} 30% 27%))}}\n"
    for i, hue in enumerate(range(0, 360, 360 // HUES))
)

_STYLE = (
    """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:90rem;padding:0 1rem;
color:light-dark(#1b1f1d,#e8ecea);background:light-dark(#fff,#161a18)}
h1{font:600 1.25rem/1.4 ui-monospace,monospace;margin:0;overflow-wrap:anywhere}
.sum{margin:.5rem 0 0}.how{margin:.2rem 0 1rem;color:light-dark(#56605b,#a3ada8);font-size:.85rem}
ul{list-style:none;margin:0;padding:0;display:flex;min-width:0}
li{flex:1 1 0;min-width:0}
a{display:block;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;padding:2px 4px;
margin:0 1px 1px 0;border-radius:2px;font-size:.8rem;line-height:21px;
color:light-dark(#14201b,#eef3f0);cursor:default}
small{color:inherit;font-size:.95em}
.hx{background:light-dark(#e3e7e5,#343b37)}
.js a{cursor:zoom-in}.js a:focus-visible{outline:2px solid light-dark(#0b5d46,#7fd8b8)}
.away{display:none}.faint{opacity:.35}
form{margin:0 0 .6rem}
input,button{font:inherit;padding:.15rem .4rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;margin:2rem 0 0;font-size:.9rem;min-width:40rem}
caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{text-align:left;padding:.25rem 1.2rem .25rem 0;
border-bottom:1px solid light-dark(#dfe4e1,#333b37);
vertical-align:top;font-variant-numeric:tabular-nums}
tbody th{font:500 .9em ui-monospace,monospace;overflow-wrap:anywhere}
"""
    + _COLOURS
)

_SCRIPT = """
const root=document.querySelector('.flame'),form=document.getElementById('find');
document.body.classList.add('js');form.hidden=false;
root.querySelectorAll('a').forEach(a=>{a.tabIndex=0;a.role='button'});
const show=li=>{root.querySelectorAll('.away').forEach(e=>e.classList.remove('away'));
for(let e=li;e&&e.parentElement!==root;e=e.parentElement.closest('li'))
for(const s of e.parentElement.children)if(s!==e)s.classList.add('away')};
root.addEventListener('click',e=>{const a=e.target.closest('a');if(a)show(a.parentElement)});
root.addEventListener('keydown',e=>{if(e.key==='Enter'&&e.target.matches('a'))show(e.target.parentElement)});
form.querySelector('button').onclick=()=>show(root.firstElementChild);
form.onsubmit=e=>e.preventDefault();
form.querySelector('input').oninput=e=>{const w=e.target.value.toLowerCase();let n=0;
root.querySelectorAll('a').forEach(a=>{const is=!w||a.title.toLowerCase().includes(w);
a.classList.toggle('faint',!is);n+=w&&is?1:0});
form.querySelector('output').textContent=w?n+' boxes':''};
"""
