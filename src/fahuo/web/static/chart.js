// The curve of the control tower: what falls due against what can be packed by then. Without ECharts its table stays open.
"use strict";
(() => {
  let chart = null;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // 1, 2, 5 times a power of ten: axis ends that read well.
  function nice(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 5, 10].map((step) => step * power).find((end) => end >= value);
  }

  function draw() {
    const place = document.getElementById("chart");
    if (!place || typeof echarts === "undefined") { return; }
    const data = JSON.parse(place.dataset.curve);
    const ink = colour("--ink"), muted = colour("--muted"), line = colour("--line");
    const due = { name: place.dataset.due, type: "line", step: "end", data: data.due, symbol: "none", lineStyle: { width: 2.5, color: colour("--late") }, itemStyle: { color: colour("--late") }, areaStyle: { opacity: 0.08, color: colour("--late") } };
    const packed = { name: place.dataset.packed, type: "line", data: data.packed, symbol: "none", lineStyle: { width: 2.5, color: colour("--accent"), type: "dashed" }, itemStyle: { color: colour("--accent") } };
    // Far more capacity than work would press the curve that matters flat: most of it runs out of the picture.
    // Where nothing falls due, what can be packed is the curve.
    const most = Math.max(...data.due), room = data.packed ? Math.max(...data.packed) : 0;
    const top = most > 0 && room > 2 * most ? nice(Math.max(most * 1.5, room / 10)) : null;
    // On a phone the two names of the legend stand one above the other.
    const head = place.clientWidth < 480 && data.packed ? 56 : 34;
    if (chart) { chart.dispose(); }
    chart = echarts.init(place, null, { renderer: "svg" });
    chart.setOption({
      animation: false,
      textStyle: { color: ink, fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: 16, top: head, bottom: 4, containLabel: true },
      legend: { top: 2, left: 4, icon: "roundRect", itemHeight: 3, itemWidth: 18, textStyle: { color: muted } },
      tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: colour("--panel"), borderColor: line, textStyle: { color: ink }, axisPointer: { lineStyle: { color: muted } } },
      xAxis: { type: "category", boundaryGap: false, data: data.at, axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, axisLabel: { color: muted } },
      yAxis: { type: "value", minInterval: 1, max: top, axisLabel: { color: muted }, splitLine: { lineStyle: { color: line } } },
      series: data.packed ? [due, packed] : [due],
    });
  }
  draw();
  document.addEventListener("fahuo:fresh", draw);
  window.addEventListener("resize", () => { if (chart) { chart.resize(); } });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
