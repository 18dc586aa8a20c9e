// Measures the page as the browser has laid it out. Every function of the audit
// returns complaints, in words, or what the page shows; none changes the page.
const audit = (() => {
  const slack = 1; // px that rounding may cost
  const root = document.documentElement;

  const nameOf = (e) => e.tagName.toLowerCase() + [...e.classList].map((c) => '.' + c).join('');
  const quote = (s) => JSON.stringify(s.trim().slice(0, 40));
  const ancestors = function* (e) { for (; e; e = e.parentElement) yield e; };
  // For screen readers only, as the headings of a table that is laid out as cards.
  // Inside of what is closed.
  const folded = (e) => Boolean(e.closest('details:not([open]) > :not(summary)'));
  const forReaders = (e) => [...ancestors(e)].some((a) => getComputedStyle(a).clipPath !== 'none');
  const inside = (inner, outer) =>
    inner.left >= outer.left - slack && inner.right <= outer.right + slack &&
    inner.top >= outer.top - slack && inner.bottom <= outer.bottom + slack;

  // lines are the boxes of all visible lines of text.
  function lines() {
    const all = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode, parent = node.parentElement;
      if (!node.data.trim() || parent.closest('svg, style') || folded(parent) || forReaders(parent)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) {
        if (box.width > 0) all.push({ text: quote(node.data), parent, box });
      }
    }
    return all;
  }

  // layout complains of what is cut, covered or out of sight.
  function layout() {
    const bad = [], all = lines();
    if (root.scrollWidth > root.clientWidth) bad.push(`the page is ${root.scrollWidth} px wide, the window ${root.clientWidth}`);
    for (const { text, parent, box } of all) {
      if (parent.closest('.scroll')) continue; // which scrolls in itself
      if (box.left < -slack || box.right > root.clientWidth + slack) bad.push(`${text} is beside the window`);
      const cell = parent.closest('td, th, p, li, h1, h2, nav, small') ?? parent;
      if (!inside(box, cell.getBoundingClientRect())) bad.push(`${text} leaves its ${nameOf(cell)}`);
      for (const a of ancestors(parent)) {
        if (getComputedStyle(a).overflow !== 'visible' && a !== root && !inside(box, a.getBoundingClientRect())) bad.push(`${text} is cut by ${nameOf(a)}`);
      }
    }
    all.sort((a, b) => a.box.top - b.box.top);
    all.forEach((a, i) => {
      for (let j = i + 1; j < all.length && all[j].box.top < a.box.bottom - slack; j++) {
        const b = all[j];
        if (a.box.left < b.box.right - slack && b.box.left < a.box.right - slack) bad.push(`${a.text} and ${b.text} overlap`);
      }
    });
    for (const e of document.querySelectorAll('h1, h2, td, th, td *')) {
      if (!forReaders(e) && e.scrollWidth > e.clientWidth + slack && getComputedStyle(e).display !== 'inline') {
        bad.push(`${nameOf(e)} ${quote(e.textContent)} holds more than fits: ${e.scrollWidth} px in ${e.clientWidth}`);
      }
    }
    for (const e of document.querySelectorAll('h1, h2, tbody th, tbody td')) {
      const box = e.getBoundingClientRect();
      if (!e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || !(box.width * box.height > 0)) bad.push(`${nameOf(e)} ${quote(e.textContent)} is not to be seen`);
    }
    return bad.concat(labels());
  }

  // labels complains of cells of which nothing says what they are: where the
  // headings are out of sight each cell has its own before it.
  function labels() {
    const bad = [];
    for (const table of document.querySelectorAll('table')) {
      const headings = [...table.tHead.rows[0].cells];
      if (!forReaders(headings[0])) continue;
      for (const cell of table.tBodies[0].querySelectorAll('td')) {
        const want = headings[cell.cellIndex].textContent, got = getComputedStyle(cell, '::before').content;
        if (got !== JSON.stringify(want)) bad.push(`a cell of ${want} is labelled ${got}`);
      }
    }
    return bad;
  }

  const channels = (colour) => {
    const n = colour.match(/[\d.]+/g).map(Number);
    return { rgb: n.slice(0, 3), alpha: n.length > 3 ? n[3] : 1 };
  };
  const over = (top, below) => top.rgb.map((c, i) => c * top.alpha + below[i] * (1 - top.alpha));
  // canvas is what lies below a page without a background.
  const canvas = () =>
    (getComputedStyle(root).colorScheme.includes('dark') && matchMedia('(prefers-color-scheme: dark)').matches ? [0, 0, 0] : [255, 255, 255]);
  const backgroundOf = (e) => [...ancestors(e)].reverse()
    .map((a) => channels(getComputedStyle(a).backgroundColor))
    .reduce((below, top) => over(top, below), canvas());
  const luminance = (rgb) => rgb
    .map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  function contrast(colour, e) {
    const below = backgroundOf(e);
    const [high, low] = [luminance(over(channels(colour), below)), luminance(below)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  }

  // contrasts complains of text below 4.5:1 and of graphics below 3:1.
  function contrasts() {
    const bad = new Set();
    const check = (colour, e, least, what) => {
      const ratio = contrast(colour, e);
      if (!(ratio >= least)) bad.add(`${what}: ${colour} has a contrast of ${ratio.toFixed(2)}, want ${least}`);
    };
    for (const { text, parent } of lines()) check(getComputedStyle(parent).color, parent, 4.5, `${nameOf(parent)} ${text}`);
    for (const e of document.querySelectorAll('td, th')) {
      const label = getComputedStyle(e, '::before');
      if (!['none', 'normal'].includes(label.content)) check(label.color, e, 4.5, `the label ${label.content}`);
    }
    for (const e of document.querySelectorAll('svg path, line.capacity, line.p95')) check(getComputedStyle(e).stroke, e, 3, 'a line');
    for (const e of document.querySelectorAll('.bar rect')) check(getComputedStyle(e).fill, e, 3, 'a bar');
    return [...bad];
  }

  // targets complains of links that a finger would miss.
  function targets(least) {
    const bad = [];
    for (const e of document.querySelectorAll('nav a')) {
      const { width, height } = e.getBoundingClientRect();
      if (width < least || height < least) bad.push(`${quote(e.textContent)} is ${width} × ${height} px, want ${least}`);
    }
    return bad;
  }

  // sparklines complains of drawings without geometry, beside their box or
  // without a name.
  function sparklines() {
    const bad = [];
    for (const svg of document.querySelectorAll('svg.spark')) {
      const title = svg.querySelector('title')?.textContent ?? '';
      const path = svg.querySelector('path'), drawn = path.getBBox(), view = svg.viewBox.baseVal;
      const box = svg.getBoundingClientRect(), stroke = path.getBoundingClientRect();
      if (!/^(in|out)bound, last \d+d, highest \d.*, capacity \d/.test(title)) bad.push(`a sparkline is called ${quote(title)}`);
      if (box.width < 60 || box.height < 15) bad.push(`${title}: ${box.width} × ${box.height} px`);
      if (drawn.width < 0.9 * view.width || path.getTotalLength() < drawn.width) bad.push(`${title}: the line is ${drawn.width} wide`);
      if (drawn.x < view.x || drawn.y < view.y || drawn.x + drawn.width > view.width || drawn.y + drawn.height > view.height) bad.push(`${title}: the line leaves its view box`);
      if (!inside(stroke, svg.closest('td').getBoundingClientRect()) || stroke.width < 0.9 * box.width) bad.push(`${title}: the line is drawn outside`);
    }
    return bad;
  }

  // turned complains where a name changes the order of the text beside it.
  function turned() {
    const bad = [];
    for (const head of document.querySelectorAll('tbody th')) {
      for (const e of head.querySelectorAll('.soft, .uuid, .fault')) {
        const range = document.createRange();
        const left = (i) => {
          range.setStart(e.firstChild, i);
          range.setEnd(e.firstChild, i + 1);
          return range.getBoundingClientRect().left;
        };
        const name = head.firstElementChild.getBoundingClientRect(), box = e.getBoundingClientRect();
        const after = box.left >= name.right - slack || box.top >= name.bottom - slack;
        if (left(0) > left(3) || !after) bad.push(`${quote(e.textContent)} is turned around`);
      }
    }
    return bad;
  }

  // tables are the texts of all tables, by row and heading.
  function tables() {
    return [...document.querySelectorAll('table')].map((table) => {
      const headings = [...table.tHead.rows[0].cells].map((c) => c.textContent);
      return [...table.tBodies[0].rows].map((row) => Object.fromEntries([...row.cells].map((c, i) => [headings[i], c.innerText])));
    });
  }

  // focused is the link that has the focus, and the width and contrast of what
  // shows that; null without one.
  function focused() {
    const e = document.activeElement;
    if (!e || e === document.body) return null;
    const ring = getComputedStyle(e);
    const seen = e.matches(':focus-visible') && !['none', 'auto', 'hidden'].includes(ring.outlineStyle);
    return { href: e.href ?? e.localName, width: seen ? parseFloat(ring.outlineWidth) : 0, contrast: contrast(ring.outlineColor, e.parentElement) };
  }

  return { layout, contrasts, targets, sparklines, turned, tables, focused };
})();
