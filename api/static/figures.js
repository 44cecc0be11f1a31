/* Draws each chart from the table that it belongs to, so that both always say the same; without it the tables stand alone. */
"use strict";

const MOST_BARS = 10;
const charts = new Map();

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/* What a table says: its rows' names, and the columns that are marked as series. */
function read(table, most) {
  const rows = [...table.tBodies[0].rows].slice(0, most);
  const heads = [...table.tHead.rows[0].cells];
  const series = heads.flatMap((head, column) => head.dataset.series ? [{
    name: head.textContent.trim(),
    colour: colour(head.dataset.series),
    values: rows.map((row) => Number.parseInt(row.cells[column].textContent, 10)),
  }] : []);
  return { names: rows.map((row) => row.cells[0].textContent.trim()), series };
}

function optionOf(table, size) {
  const lines = table.dataset.chart === "lines";
  const { names, series } = read(table, lines ? undefined : MOST_BARS);
  const text = { color: colour("text"), fontSize: size };
  const categories = {
    type: "category", data: names, inverse: !lines,
    axisLabel: { ...text, width: size * 10, overflow: "truncate" },
  };
  const values = { type: "value", minInterval: 1, axisLabel: text, splitLine: { lineStyle: { color: colour("line") } } };
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    aria: { enabled: true, decal: { show: !lines } },
    legend: { show: series.length > 1, top: 8, textStyle: text, itemWidth: size * 1.8, itemHeight: size },
    grid: { left: 12, right: 24, top: series.length > 1 ? size * 3 : 12, bottom: 12, containLabel: true },
    // Drawn, since a box of markup would carry styles that the policy of our pages forbids.
    tooltip: { trigger: "axis", renderMode: "richText", textStyle: { fontSize: size } },
    xAxis: lines ? categories : values,
    yAxis: lines ? values : categories,
    series: series.map((each, place) => ({
      type: lines ? "line" : "bar",
      name: each.name,
      data: each.values,
      color: each.colour,
      symbol: place ? "rect" : "circle",
      symbolSize: size / 2,
      lineStyle: { width: 3, type: place ? "dashed" : "solid" },
      barMaxWidth: size * 1.2,
      label: { show: !lines, position: "right", formatter: ({ value }) => value || "", ...text },
    })),
    height: lines ? size * 18 : size * (5 + names.length * (series.length * 1.3 + 1)),
  };
}

function draw() {
  const size = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.875;
  for (const place of document.querySelectorAll(".chart")) {
    const table = document.getElementById(place.dataset.table);
    if (!table || !table.tBodies[0].rows.length) continue;
    const { height, ...option } = optionOf(table, size);
    let chart = charts.get(place.id);
    place.classList.add("drawn");
    place.style.height = `${height}px`;
    if (!chart || chart.getDom() !== place) {
      chart = echarts.init(place, null, { renderer: "svg", locale: "ZH" });
      charts.set(place.id, chart);
    }
    chart.resize();
    chart.setOption(option, true);
  }
}

function say(stale) {
  document.getElementById("figures-stale").hidden = !stale;
}

draw();
addEventListener("resize", draw);
document.addEventListener("htmx:after:swap", () => { say(false); draw(); });
document.addEventListener("htmx:sse:error", () => say(true));
document.addEventListener("htmx:sse:close", () => say(true));
