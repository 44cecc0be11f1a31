// Gives what is too small, or wider than the screen: targets that are no part of running text, and visible text.
({ target, text }) => {
  const found = [];
  const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getBoundingClientRect().right > 0;
  const name = (element) => element.outerHTML.slice(0, 120);
  const inText = (link) =>
    getComputedStyle(link).display === "inline" &&
    [...link.parentElement.childNodes].some((node) => node !== link && node.nodeType === Node.TEXT_NODE && node.textContent.trim());
  for (const element of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")) {
    if (!shown(element) || (element.matches("a") && inText(element))) continue;
    const around = element.matches("[type=checkbox], [type=radio]") ? element.closest("label") ?? element : element;
    const { width, height } = around.getBoundingClientRect();
    // Half a pixel is rounding.
    if (Math.min(width, height) < target - 0.5) found.push(`${Math.round(width)}×${Math.round(height)} px: ${name(element)}`);
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !shown(element)) continue;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < text) found.push(`text of ${size} px: ${name(element)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) found.push(`${document.documentElement.scrollWidth} px wide`);
  return found;
}
