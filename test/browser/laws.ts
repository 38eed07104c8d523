/** What is wrong with any page whatever it is about, as a machine can see it. In strings: they run in the page. */

const HELPERS = `
  const shown = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !one.closest(".hidden, .skip, [inert]");
  const named = (one) => one.tagName.toLowerCase() + [...one.classList].map((name) => "." + name).join("") + " “" +
    (one.ariaLabel ?? one.innerText ?? one.value ?? "").trim().replace(/\\s+/g, " ").slice(0, 40) + "”";
  /** It stays where it is while what is under it comes out by scrolling. */
  const stays = (one) => {
    for (let part = one; part && part !== document.body; part = part.parentElement)
      if (/sticky|fixed/.test(getComputedStyle(part).position)) return true;
    return false;
  };
  /** What of a box is left by the parts around it that hide what is beyond them. */
  const within = (one, { left, right, top, bottom }) => {
    for (let part = one; part && part !== document.body; part = part.parentElement)
      if (getComputedStyle(part).overflow !== "visible" && getComputedStyle(part).display !== "inline") {
        const rim = part.getBoundingClientRect();
        [left, right] = [Math.max(left, rim.left), Math.min(right, rim.right)];
        [top, bottom] = [Math.max(top, rim.top), Math.min(bottom, rim.bottom)];
      }
    return { left, right, top, bottom, width: right - left, height: bottom - top };
  };
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (node.data.trim() !== "" && !/^(SCRIPT|STYLE|NOSCRIPT|OPTION)$/.test(node.parentElement.tagName) && shown(node.parentElement)) texts.push(node);
`;

/** Text that no landmark has: what announces itself has it in paragraphs. A number alone in one is no text that somebody wrote. */
const STRAY = `texts.filter(({ parentElement: one }) =>
    !one.closest("main, header, footer, nav, aside, search, dialog") && !one.closest("[role=status] > p, [role=alert] > p, button.skip"))
  .map((node) => "outside of landmarks: “" + node.data.trim().slice(0, 40) + "” in " + named(node.parentElement))`;

/** Text of which a part is not to be seen, with nothing that says so: no dots, no way to scroll. */
const CUT = `[...new Set(texts.map((node) => node.parentElement))].flatMap((one) => {
    for (let box = one; box && box !== document.body; box = box.parentElement) {
      const { overflowX, overflowY, textOverflow, webkitLineClamp, display } = getComputedStyle(box);
      if (display === "inline") continue;
      if (/auto|scroll/.test(overflowX + overflowY)) return []; // it comes out when one scrolls
      const hides = [overflowX, overflowY].some((value) => value === "hidden" || value === "clip");
      if (!hides) continue;
      if (textOverflow === "ellipsis" || webkitLineClamp !== "none") return [];
      const range = document.createRange();
      range.selectNodeContents(one);
      const [inner, outer] = [range.getBoundingClientRect(), box.getBoundingClientRect()];
      const cut = inner.right > outer.right + 1.5 || inner.left < outer.left - 1.5 || inner.bottom > outer.bottom + 3 || inner.top < outer.top - 3;
      return cut ? ["cut by " + named(box).slice(0, 30) + ": " + named(one)] : [];
    }
    return [];
  })`;

/** Text under another thing, where the page is at its top. What lies under the foot comes out when one scrolls, if one can. */
const COVERED = `texts.flatMap((node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const one = node.parentElement;
    const first = range.getClientRects()[0];
    const { left, top, width, height } = first ? within(one, first) : {};
    if (!(width > 1 && height > 1)) return [];
    const [middle, line] = [left + Math.min(width / 2, 20), top + height / 2];
    if (getComputedStyle(one).pointerEvents === "none") return []; // drawn over a picture, which is what a pointer meets
    if (middle < 0 || line < 0 || middle >= innerWidth || line >= innerHeight) return [];
    const hit = document.elementFromPoint(middle, line);
    if (hit?.closest(".toasts")) return []; // it goes by itself
    if (hit === null || one.contains(hit) || hit.contains(one) || hit.closest("label")?.contains(one)) return [];
    const canScroll = document.documentElement.scrollHeight > innerHeight + 1 || hit.closest(".scroll, .list-main") !== null;
    return stays(hit) && canScroll ? [] : [named(one) + " under " + named(hit).slice(0, 40)];
  })`;

/** Parts of one line or row that lie over one another: two texts whose boxes share more than a rim. */
const OVERLAP = `(() => {
    const boxes = texts.flatMap((node) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      return [...range.getClientRects()].map((box) => within(node.parentElement, box)).filter(({ width, height, bottom, top }) => width > 2 && height > 2 && bottom > 0 && top < innerHeight)
        .map((box) => ({ node, one: node.parentElement, box }));
    }).filter(({ one }) => !one.closest(".floating, dialog, .stage, .v-pane, svg") && !stays(one));
    boxes.sort((a, b) => a.box.top - b.box.top);
    const found = [];
    for (let i = 0; i < boxes.length; i++)
      for (let j = i + 1; j < boxes.length && boxes[j].box.top < boxes[i].box.bottom - 4; j++) {
        const [a, b] = [boxes[i], boxes[j]];
        if (a.node === b.node || a.one.contains(b.one) && a.box.height === b.box.height && a.box.top === b.box.top) continue;
        const wide = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
        const high = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
        if (wide > 3 && high > 6) found.push(named(a.one) + " over " + named(b.one));
      }
    return found;
  })()`;

/** Names that the catalogue stores, and values that nobody should read: pages have words for them. Code may have them. */
const RAW = `texts.filter(({ parentElement: one, data }) =>
    /\\b(?:SegmentationMask|SemanticSegmentationMask|InstanceSegmentation(?:Mask)?|OrientedPoint|TriangularMesh(?:Group)?|not_reported|NON_FIDUCIAL|undefined|NaN)\\b|\\[object /.test(data) &&
    !one.closest("code, pre, kbd, samp, textarea"))
  .map((node) => "raw: “" + node.data.trim().slice(0, 60) + "” in " + named(node.parentElement))`;

/** The page as a whole. The viewer is one screen: all of its bars are in sight. */
const WHOLE = `[
    ...(document.documentElement.scrollWidth > innerWidth ? ["scrolls sideways: " + document.documentElement.scrollWidth + " in " + innerWidth + ": " +
      [...document.querySelectorAll("main *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".scroll")).slice(0, 3).map(named)] : []),
    ...[...document.querySelectorAll(".v-foot, .v-bar")].filter((bar) => {
      const { top, bottom } = bar.getBoundingClientRect();
      return innerHeight >= 480 && (bottom > innerHeight + 1 || top < 0);
    }).map((bar) => named(bar).slice(0, 20) + " is not all in sight"),
    ...(document.querySelectorAll("h1").length > 1 ? ["has " + document.querySelectorAll("h1").length + " titles"] : []),
  ]`;

/** Everything that breaks a law, as it can be seen at once. */
export const BREACHES = `(() => { ${HELPERS}
  scrollTo(0, 0);
  return [...new Set([...${WHOLE}, ...${STRAY}, ...${RAW}, ...${CUT}, ...${COVERED}, ...${OVERLAP}])];
})()`;

/** Buttons, boxes and fields, one of each kind in each part of the page: a list has the same ones in each row. @returns their names; they are marked */
export const MARK_CONTROLS = `(() => { ${HELPERS}
  const seen = new Set();
  const all = document.querySelectorAll("button, select, summary, [role=tab], input, textarea");
  return [...all].filter((one) => {
    if (!shown(one) || one.disabled || one.getAttribute("aria-disabled") === "true" || one.readOnly) return false;
    const kind = [one.tagName, one.type, one.className, one.closest("main") ? "" : "shell", one.closest("tr, li") ? "row" : one.ariaLabel ?? one.textContent].join(" ");
    return !seen.has(kind) && seen.add(kind);
  }).map((one, at) => { one.dataset.law = at; return named(one); });
})()`;

/** Counts what changes from here on. */
export const WATCH = `(() => {
  window.lawChanges = 0;
  window.lawObserver?.disconnect();
  window.lawObserver = new MutationObserver((all) => { window.lawChanges += all.filter(({ attributeName }) => attributeName !== "data-law").length; });
  window.lawObserver.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  window.lawScroll = [scrollX, scrollY, ...[...document.querySelectorAll("*")].map((one) => one.scrollTop)].join();
  window.lawFocus = document.activeElement;
})()`;
export const CHANGED = `window.lawChanges > 0 || window.lawScroll !== [scrollX, scrollY, ...[...document.querySelectorAll("*")].map((one) => one.scrollTop)].join()`;
