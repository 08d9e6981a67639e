// Draws every <figure data-chart="id"> from the JSON in <script id="id">; console/interface/charts.py says what is in it.
// ECharts is fetched only by pages that have a chart. Colours are the page's own, taken again when the appearance changes.
(() => {
  const source = document.currentScript.dataset.echarts;
  const NARROW = 62; // pixels for one bar, under which its labels would touch
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const drawn = new Map(); // figure → chart
  const started = new WeakSet();
  let library = null;

  const echarts = () =>
    (library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = source;
      script.onload = () => resolve(window.echarts);
      script.onerror = reject;
      document.head.append(script);
    }));

  // Figures, written as the tables write them

  const digits = (number, places) => number.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
  const signed = (number, text) => (number < 0 ? "−" : "") + text;

  function scaled(number) {
    const [size, letter] = number >= 1e9 ? [1e9, "B"] : number >= 1e6 ? [1e6, "M"] : number >= 1e3 ? [1e3, "k"] : [1, ""];
    return Number((number / size).toPrecision(3)) + letter;
  }

  function dollars(nano) {
    const amount = Math.abs(nano) / 1e9;
    if (!amount || amount >= 1) return signed(nano, "$" + digits(amount, 2));
    const places = amount >= 0.01 ? 4 : Math.min(9, 1 - Math.floor(Math.log10(amount)));
    const [whole, part] = amount.toFixed(places).split(".");
    return signed(nano, `$${whole}.${part.replace(/0+$/, "").padEnd(2, "0")}`);
  }

  const WRITE = {
    usd: dollars,
    count: (number) => signed(number, Math.abs(number).toLocaleString("en-US")),
    tokens: (number) => signed(number, scaled(Math.abs(number))),
    percent: (share) => signed(share, Number((Math.abs(share) * 100).toFixed(1)) + "%"),
    ms: (time) => (time < 1000 ? `${Math.round(time)} ms` : `${(time / 1000).toFixed(2)} s`),
  };
  const WRITE_SHORT = {
    ...WRITE,
    usd: (nano) => signed(nano, "$" + (Math.abs(nano) >= 1e9 || !nano ? scaled(Math.abs(nano) / 1e9) : dollars(Math.abs(nano)).slice(1))),
    count: (number) => signed(number, scaled(Math.abs(number))),
  };

  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

  function shortLabel(label) {
    const found = /^(\d{4})-(\d\d)(?:-(\d\d))?(?:T(\d\d):(\d\d))?/.exec(label);
    if (!found) return label;
    const [, year, month, day, hour, minute] = found;
    if (hour) return `${hour}:${minute}`;
    return day ? `${Number(day)} ${MONTHS[month - 1]}` : `${MONTHS[month - 1]} ${year}`;
  }

  // Colours: custom properties are resolved by the browser on a probe, so light-dark() and color-mix() work

  const TONES = ["premium", "mid", "lightweight", "small", "local"];
  const MONEY = ["cost", "baseline", "saving", "waste", "loss", "neutral"];

  function palette() {
    const probe = document.createElement("span");
    document.body.append(probe);
    const resolve = (name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    };
    const tone = (name, place) => {
      if (TONES.includes(name)) return resolve(`tier-${name}`);
      if (MONEY.includes(name)) return resolve(`money-${name}`);
      return resolve(`series-${/^s[1-8]$/.test(name) ? name[1] : (place % 8) + 1}`);
    };
    const colours = { tone, ink: resolve("ink"), soft: resolve("ink-soft"), faint: resolve("ink-faint"), line: resolve("line"), surface: resolve("surface"), font: getComputedStyle(document.body).fontFamily };
    return [colours, () => probe.remove()];
  }

  // From our words to ECharts' options

  function options(spec, colours, width) {
    const write = WRITE[spec.unit];
    const base = {
      animation: !still.matches,
      animationDuration: 350,
      textStyle: { fontFamily: colours.font, color: colours.soft, fontSize: 12 },
      tooltip: tooltip(spec, colours, write),
    };
    if (spec.kind === "donut") return { ...base, ...donut(spec, colours, write) };
    const several = spec.kind !== "waterfall" && spec.series.length > 1;
    const rows = several ? legendRows(spec, width) : 0;
    return {
      ...base,
      legend: several ? legend(colours) : undefined,
      grid: { left: 4, right: ["bar", "stacked", "waterfall"].includes(spec.kind) ? 8 : 22, top: rows ? 8 + 28 * rows : 14, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      ...axes(spec, colours, width),
      series: spec.kind === "waterfall" ? waterfall(spec, colours, width) : spec.series.map((one, place) => series(spec, one, place, colours)),
    };
  }

  const legend = (colours) => ({ top: 0, left: 0, itemWidth: 10, itemHeight: 10, itemGap: 16, icon: "roundRect", textStyle: { color: colours.soft, fontSize: 12 }, inactiveColor: colours.line });

  // ECharts does not make room for the legend's further lines
  function legendRows(spec, width) {
    let [rows, used] = [1, 0];
    for (const { name } of spec.series) {
      const needed = 32 + name.length * 6.8;
      if (used + needed > width && used) [rows, used] = [rows + 1, 0];
      used += needed;
    }
    return rows;
  }

  function axes(spec, colours, width) {
    const narrow = width / spec.labels.length < NARROW;
    const category = {
      type: "category",
      data: spec.labels,
      boundaryGap: !["line", "area"].includes(spec.kind),
      axisLine: { lineStyle: { color: colours.line } },
      axisTick: { show: false },
      axisLabel: { color: colours.faint, fontSize: 11, formatter: shortLabel, hideOverlap: true, ...(spec.kind === "waterfall" ? { interval: 0, hideOverlap: false, ...(narrow ? { rotate: 45 } : { width: 76, overflow: "break", lineHeight: 14 }) } : {}) },
    };
    const value = {
      type: "value",
      splitNumber: 4,
      axisLabel: { color: colours.faint, fontSize: 11, formatter: WRITE_SHORT[spec.unit] },
      splitLine: { lineStyle: { color: colours.line } },
    };
    return spec.kind === "hbar" ? { xAxis: value, yAxis: { ...category, inverse: true, axisLine: { show: false } } } : { xAxis: category, yAxis: value };
  }

  function series(spec, one, place, colours) {
    const colour = colours.tone(one.tone, place);
    const bars = ["bar", "stacked", "hbar"].includes(spec.kind) && !one.dashed;
    const stacked = (spec.kind === "area" || spec.kind === "stacked") && !one.dashed;
    const own = (value, at) => spec.tones[at] ?? (one.tone === "saving" && value < 0 ? "loss" : null); // a saving below zero is a loss
    const points = one.values.map((value, at) => (bars && own(value, at) ? { value, itemStyle: { color: colours.tone(own(value, at), at) } } : value));
    return {
      name: one.name,
      type: bars ? "bar" : "line",
      data: points,
      stack: stacked ? "all" : undefined,
      cursor: one.links.length ? "pointer" : "default",
      itemStyle: { color: colour, borderRadius: bars && !stacked ? (spec.kind === "hbar" ? [0, 3, 3, 0] : [3, 3, 0, 0]) : 0 },
      barMaxWidth: spec.kind === "hbar" ? 18 : 28,
      barCategoryGap: "34%",
      lineStyle: { width: stacked && spec.series.length > 2 ? 1 : 2, color: colour, type: one.dashed ? [5, 4] : "solid" },
      areaStyle: stacked && !bars ? { color: colour, opacity: spec.series.filter((any) => !any.dashed).length > 1 ? 0.72 : 0.14 } : undefined,
      showSymbol: one.values.length < 3,
      symbol: "circle",
      symbolSize: 6,
      emphasis: { focus: "none", disabled: bars && !one.links.length },
      z: one.dashed ? 3 : 2,
      markLine: place === 0 && spec.marks.length ? marks(spec, colours) : undefined,
    };
  }

  // The words stand on the side with more room, or they would run over the edge
  const beside = (place) => (place < 0.5 ? { align: "left", distance: [-4, -16] } : { align: "right" });

  const marks = (spec, colours) => ({
    symbol: "none",
    silent: false,
    animation: false,
    lineStyle: { color: colours.faint, type: [3, 3], width: 1 },
    label: { formatter: ({ name }) => name, color: colours.soft, fontSize: 11, position: "insideEndTop", rotate: 0, padding: [2, 5], backgroundColor: colours.surface, borderColor: colours.line, borderWidth: 1, borderRadius: 4, distance: [4, -16] },
    data: spec.marks.map((mark) => ({ name: mark.label, xAxis: mark.at, label: beside(spec.labels.indexOf(mark.at) / spec.labels.length) })),
  });

  // Steps up and down from sum to sum; a bar that crosses zero is two
  function waterfall(spec, colours, width) {
    const [one] = spec.series;
    let reached = 0;
    const spans = one.values.map((value, place) => {
      const from = spec.totals.includes(place) ? 0 : reached;
      reached = from + (value ?? 0);
      return [Math.min(from, reached), Math.max(from, reached)];
    });
    const colour = (place) => {
      if (spec.tones[place]) return colours.tone(spec.tones[place], place);
      if (spec.totals.includes(place)) return colours.tone("neutral", place);
      return colours.tone(one.values[place] < 0 ? "saving" : "loss", place);
    };
    const layer = (name, value, visible) => ({
      name,
      type: "bar",
      stack: "all",
      silent: !visible,
      barMaxWidth: 56,
      cursor: one.links.length ? "pointer" : "default",
      data: spans.map((span, place) => ({ value: value(span), itemStyle: visible ? { color: colour(place), borderRadius: 3 } : { color: "transparent" } })),
      label: visible && name === one.name && width / spans.length >= NARROW ? { show: true, position: "top", color: colours.soft, fontSize: 11, formatter: ({ dataIndex }) => WRITE_SHORT[spec.unit](one.values[dataIndex] ?? 0) } : undefined,
    });
    return [
      layer("below", ([low]) => Math.max(0, low), false),
      layer(one.name, ([low, high]) => Math.max(0, high) - Math.max(0, low), true),
      layer("above", ([, high]) => Math.min(0, high), false),
      layer(`${one.name} `, ([low, high]) => Math.min(0, low) - Math.min(0, high), true),
    ];
  }

  function donut(spec, colours, write) {
    const [one] = spec.series;
    const total = one.values.reduce((sum, value) => sum + (value ?? 0), 0);
    return {
      title: { text: write(total), subtext: one.name, left: "center", top: "middle", itemGap: 6, textStyle: { color: colours.ink, fontSize: 18, fontWeight: 600, fontFamily: colours.font }, subtextStyle: { color: colours.faint, fontSize: 12 } },
      series: [
        {
          type: "pie",
          radius: ["62%", "88%"],
          padAngle: 1.5,
          cursor: one.links.length ? "pointer" : "default",
          itemStyle: { borderRadius: 4 },
          label: { show: false },
          data: spec.labels.map((name, place) => ({ name, value: one.values[place], itemStyle: { color: colours.tone(spec.tones[place] ?? "", place) } })),
        },
      ],
    };
  }

  // The tip is built of elements with classes: ECharts' own markup carries style attributes, which the CSP refuses

  const tooltip = (spec, colours, write) => ({
    trigger: spec.kind === "donut" ? "item" : "axis",
    confine: true,
    backgroundColor: colours.surface,
    borderColor: colours.line,
    borderWidth: 1,
    padding: [8, 10],
    transitionDuration: 0,
    axisPointer: { type: ["line", "area"].includes(spec.kind) ? "line" : "shadow", lineStyle: { color: colours.faint, type: "solid" }, shadowStyle: { color: colours.line, opacity: 0.35 } },
    formatter: (given) => tip(spec, Array.isArray(given) ? given : [given], colours, write),
  });

  function tip(spec, points, colours, write) {
    const place = points[0].dataIndex;
    const box = element("div", "chart-tip");
    box.append(element("div", "chart-tip-title", shortLabel(spec.labels[place])));
    for (const [at, one] of spec.series.entries()) {
      const row = element("div", "chart-tip-row");
      const value = one.values[place];
      const swatch = element("span", "swatch");
      swatch.style.background = swatchColour(spec, points, at, place, colours);
      row.append(swatch, element("span", "", one.name), element("span", value === null ? "value unknown" : "value", value === null ? "unknown" : write(value)));
      box.append(row);
    }
    for (const mark of spec.marks) if (mark.at === spec.labels[place]) box.append(element("div", "chart-tip-mark", mark.label));
    return box;
  }

  function swatchColour(spec, points, at, place, colours) {
    const point = points.find((one) => one.seriesName === spec.series[at].name) ?? points[0];
    return typeof point.color === "string" && point.color !== "transparent" ? point.color : colours.faint;
  }

  function element(name, classes, text = "") {
    const made = document.createElement(name);
    made.className = classes;
    made.textContent = text;
    return made;
  }

  // Drawing, and going down: a point leads where its figure in the table leads

  function addressOf(spec, event) {
    if (event.componentType === "markLine") return spec.marks[event.dataIndex]?.href;
    const one = spec.series.find((any) => any.name === event.seriesName?.trim()) ?? spec.series[0];
    return one.links[event.dataIndex];
  }

  async function draw(figure) {
    const data = document.getElementById(figure.dataset.chart);
    const canvas = figure.querySelector(".chart-canvas");
    if (!data || !canvas) return;
    const [library] = await Promise.all([echarts(), document.fonts.ready]);
    const spec = JSON.parse(data.textContent);
    if (!figure.isConnected) return;
    const chart = drawn.get(figure) ?? library.init(canvas, null, { renderer: "canvas" });
    const [colours, done] = palette();
    chart.setOption(options(spec, colours, canvas.clientWidth), true);
    done();
    if (drawn.has(figure)) return;
    drawn.set(figure, chart);
    chart.on("click", (event) => {
      const address = addressOf(spec, event);
      if (address) location.assign(address);
    });
    let width = canvas.clientWidth;
    new ResizeObserver(() => {
      chart.resize();
      if (canvas.clientWidth !== width && canvas.clientWidth) draw(figure);
      width = canvas.clientWidth;
    }).observe(canvas);
  }

  function forgetRemoved() {
    for (const [figure, chart] of drawn)
      if (!figure.isConnected) {
        chart.dispose();
        drawn.delete(figure);
      }
  }

  function drawAll(root) {
    forgetRemoved();
    const figures = root.matches?.("figure[data-chart]") ? [root] : root.querySelectorAll("figure[data-chart]");
    for (const figure of figures) {
      if (started.has(figure)) continue;
      started.add(figure);
      draw(figure).catch(() => figure.classList.add("is-undrawn"));
    }
  }

  document.addEventListener("htmx:load", (event) => drawAll(event.target));
  new MutationObserver(() => [...drawn.keys()].forEach(draw)).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  drawAll(document);
})();
