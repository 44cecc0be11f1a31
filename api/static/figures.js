/* Draws each chart from its own table, so that both always say the same; without this script the tables stand alone. */
"use strict";

const MOST_BARS = 10;
const charts = new Map();

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/* Reads a table: the names of its rows, and the columns marked as series. Bars leave out rows without values. */
function read(table, lines) {
  const heads = [...table.tHead.rows[0].cells];
  const columns = heads.flatMap((head, column) => head.dataset.series ? [column] : []);
  const rows = [...table.tBodies[0].rows].map((row) => ({
    name: row.cells[0].textContent.trim(),
    values: columns.map((column) => Number.parseInt(row.cells[column].textContent, 10)),
  }));
  const drawn = lines ? rows : rows.filter((row) => row.values.some(Boolean)).slice(0, MOST_BARS);
  const series = columns.map((column, place) => ({
    name: heads[column].textContent.trim(),
    colour: colour(heads[column].dataset.series),
    values: drawn.map((row) => row.values[place]),
  }));
  return { names: drawn.map((row) => row.name), series };
}

function optionOf(table, size, said) {
  const lines = table.dataset.chart === "lines";
  const { names, series } = read(table, lines);
  if (!names.length) return null;
  const text = { color: colour("text"), fontSize: size };
  const categories = {
    type: "category", data: names, inverse: !lines,
    axisLabel: { ...text, width: size * 10, overflow: "truncate" },
  };
  const values = { type: "value", minInterval: 1, axisLabel: text, splitLine: { lineStyle: { color: colour("line") } } };
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    aria: { enabled: true, label: { description: said }, decal: { show: !lines } },
    legend: { show: series.length > 1, top: 8, textStyle: text, itemWidth: size * 1.8, itemHeight: size },
    grid: { left: 12, right: 24, top: series.length > 1 ? size * 3 : 12, bottom: 12, containLabel: true },
    // Drawn, because a box of markup would carry styles that our pages' policy forbids.
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
  const size = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  for (const place of document.querySelectorAll(".chart")) {
    const table = document.getElementById(place.dataset.table);
    const drawn = table && optionOf(table, size, place.dataset.said);
    place.classList.toggle("drawn", Boolean(drawn));
    if (!drawn) continue;
    const { height, ...option } = drawn;
    let chart = charts.get(place.id);
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

/* Keeps unfolded parts unfolded when new figures come. */
htmx.config.morphIgnore.push("open");
draw();
addEventListener("resize", draw);
document.addEventListener("htmx:after:swap", () => { say(false); draw(); });
document.addEventListener("htmx:sse:error", () => say(true));
document.addEventListener("htmx:sse:close", () => say(true));
