// What is visible of the page, as XHTML and the style it needs; run in the page.
async () => {
  const { innerWidth: width, innerHeight: height } = window;

  // Conditions on the window hold as they do now; the reader's light or dark is theirs to decide.
  const sized = /width|height|pointer|hover/;
  function* rulesOf(list) {
    for (const rule of list) {
      if (rule instanceof CSSMediaRule && sized.test(rule.conditionText)) {
        if (matchMedia(rule.conditionText).matches) yield* rulesOf(rule.cssRules);
      } else if (!(rule instanceof CSSKeyframesRule)) yield rule.cssText;
    }
  }
  const inPixels = (css) =>
    css.replace(/(\d*\.?\d+)d?v([hw])\b/g, (_, share, axis) => `${(share * (axis === "h" ? height : width)) / 100}px`);
  // A picture has no time to lay out what scrolls into view.
  const atOnce = "*{content-visibility:visible!important}";
  const style = atOnce + inPixels([...document.styleSheets].flatMap((sheet) => [...rulesOf(sheet.cssRules)]).join(""));

  const needless = /^(data-|aria-(?!current|pressed|selected|invalid|expanded)|href$|for$|name$|loading$)/;
  const beyond = (box, frame) => box.bottom < frame.top || box.top > frame.bottom;
  const whole = { top: 0, bottom: height };

  async function pictured(address) {
    const blob = await (await fetch(address)).blob();
    return new Promise((done) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result);
      reader.readAsDataURL(blob);
    });
  }

  const waiting = [];
  // A copy of what can be seen: scrolled as it is, with what was typed, without what lies outside.
  function copy(node, frame) {
    if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE || node.hidden || /^(SCRIPT|NOSCRIPT)$/.test(node.tagName)) return null;
    if (node.tagName === "DIALOG" && !node.open) return null;
    const made = node.cloneNode(false);
    for (const { name } of [...made.attributes]) if (needless.test(name)) made.removeAttribute(name);
    if (node.scrollTop) frame = node.getBoundingClientRect();
    const box = node.getBoundingClientRect();
    if (box.height && beyond(box, frame)) {
      made.style.height = made.style.minHeight = `${box.height}px`;
      made.style.boxSizing = "border-box";
      made.removeAttribute("src");
      return made;
    }
    if (node.tagName === "IMG") {
      waiting.push(pictured(node.src).then((data) => made.setAttribute("src", data)));
    }
    if (node.tagName === "TEXTAREA") made.textContent = node.value;
    else if (node.tagName === "INPUT") {
      made.setAttribute("value", node.value);
      made.toggleAttribute("checked", node.checked);
    } else for (const child of node.childNodes) {
      const copied = copy(child, frame);
      if (copied) made.append(copied);
    }
    if (node.tagName === "DIALOG") {
      // An open dialog lies above everything, where the browser alone can put it.
      const { left, top } = box;
      made.style.cssText = `position:absolute;margin:0;left:${left}px;top:${top}px;width:${box.width}px;height:${box.height}px`;
      const shade = document.createElement("div");
      shade.style.cssText = `position:absolute;inset:0;background:${getComputedStyle(node, "::backdrop").backgroundColor}`;
      const both = document.createDocumentFragment();
      both.append(shade, made);
      return both;
    }
    if (node.tagName === "OPTION") made.toggleAttribute("selected", node.selected);
    if (node.scrollTop && made.firstElementChild) {
      made.firstElementChild.style.marginTop = `-${node.scrollTop}px`;
      made.style.overflow = "hidden";
    }
    return made;
  }

  const body = copy(document.body, whole);
  await Promise.all(waiting);
  body.style.cssText = `width:${width}px;height:${height}px;overflow:hidden;position:relative`;
  return { style, document: new XMLSerializer().serializeToString(body) };
};
