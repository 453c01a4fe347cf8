// Draws the plots of a report. All it knows is in the element "data", all it shows of that is text and numbers.
"use strict";
(() => {
	const data = JSON.parse(document.getElementById("data").textContent);
	const root = document.documentElement;
	const main = document.querySelector("main");
	const hidden = new Set(); // servers that are switched off, in every plot

	function el(tag, attributes, ...kids) {
		const e = document.createElement(tag);
		for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
		e.append(...kids);
		return e;
	}

	// Numbers. Each unit has steps; a number is shown in the largest that it fills.
	function stepsOf(unit) {
		switch (unit) {
			case "µs": return [[1e6, "s"], [1e3, "ms"], [1, "µs"], [1e-3, "ns"]];
			case "ms": return [[1e3, "s"], [1, "ms"]];
			case "s": return [[1, "s"]];
			case "B": return [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"], [1, "B"]];
			case "KiB": return [[1 << 20, "MiB"], [1024, "KiB"], [1, "B"]];
			case "1/s": return [[1e6, "M/s"], [1e3, "k/s"], [1, "/s"]];
			case "×": return [[1, "×"]];
			default: return [[1, ""]];
		}
	}

	function show(v, unit, digits = 3, least = 1) {
		if (v === null || v === undefined) return "–";
		if (unit === "quantile") return percentile(v);
		if (v === 0) return "0";
		const steps = stepsOf(unit);
		const [by, name] = steps.find(([by]) => Math.abs(v) >= by * 0.9999) || steps[steps.length - 1];
		const text = (v / by).toLocaleString("en", {
			minimumSignificantDigits: least, maximumSignificantDigits: Math.max(digits, wholeDigits(v / by)),
		});
		return name ? text + "\u202f" + name : text;
	}

	const wholeDigits = (v) => 1 + Math.floor(Math.log10(Math.max(1, Math.abs(v))));

	// percentile of x = 1/(1-q), with as many nines as x has zeros.
	function percentile(x) {
		const digits = Math.max(0, Math.round(Math.log10(x)) - 2);
		return (100 * (1 - 1 / x)).toFixed(x < 90 ? 0 : digits) + "\u202f%";
	}

	// Colours are in the style sheet, and follow the scheme.
	const color = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();
	const font = (weight = "") => weight + " 12px " + getComputedStyle(document.body).fontFamily;

	// Plot is one figure: lists to choose from, the canvas, the legend, and a table that says the same.
	function Plot(spec) {
		const host = document.querySelector(`[data-plot="${spec.id}"]`);
		const canvas = el("div", { class: "canvas", role: "img" });
		const above = el("p", { class: "above" }); // the title of the vertical axis, which can be read here
		const printed = el("p", { class: "printed" }); // what is chosen
		const readout = el("p", { class: "readout" });
		const legend = el("ul", { class: "legend" });
		const missing = el("p", { class: "quiet" });
		const table = el("details", {}, el("summary", {}, "As a table"));
		const selects = spec.choices.map((c) => {
			const select = el("select", {}, ...c.options.map((o, i) => el("option", { value: i }, o)));
			select.addEventListener("change", draw);
			return select;
		});
		const lists = spec.choices.map((c, i) => el("label", c.options.length < 2 ? { hidden: "" } : {}, c.label + " ", selects[i]));
		host.append(el("div", { class: "choices" }, ...lists), printed, above, canvas, readout, legend, missing, table);
		table.addEventListener("toggle", fill);

		let view, plot, values;

		// draw makes the canvas anew: for another view, or when servers come and go.
		function draw() {
			const k = spec.choices.reduce((at, c, i) => at * c.options.length + Number(selects[i].value), 0);
			view = spec.views[k];
			if (plot) plot.destroy();
			canvas.setAttribute("aria-label", view.title + ". The table below says the same.");
			printed.textContent = view.title;
			above.textContent = view.bars ? "" : view.y.label;
			missing.textContent = view.missing
				? `Not shown, because the load generator was the limit or in doubt: ${view.missing.join(", ")}. The footnotes of the tables say why.` : "";
			const shown = view.servers.map((_, i) => i).filter((i) => !hidden.has(view.servers[i]));
			drawLegend();
			const [options, columns] = view.bars ? bars(view, shown) : lines(view, shown);
			Object.assign(options, { width: width(), legend: { show: false } });
			options.hooks = { setCursor: [(u) => read(u, shown)], ...options.hooks };
			plot = new uPlot(options, columns, canvas);
			read(plot, shown);
			fill();
		}

		// width is that of the page, or what fits on paper.
		function width() {
			return root.classList.contains("paper") ? Math.min(canvas.clientWidth, 680) : canvas.clientWidth;
		}

		function drawLegend() {
			values = view.servers.map(() => el("span", { class: "value" }));
			legend.replaceChildren(...view.servers.map((s, i) => {
				const name = el("span", { class: "server s" + s }, data.servers[s].name);
				const button = el("button", { type: "button", "aria-pressed": String(!hidden.has(s)) }, name, values[i]);
				button.addEventListener("click", () => toggle(s));
				for (const [event, on] of [["mouseenter", true], ["focus", true], ["mouseleave", false], ["blur", false]]) {
					button.addEventListener(event, () => emphasise(i, on));
				}
				return el("li", {}, button);
			}));
			legend.classList.toggle("names", Boolean(view.bars));
		}

		// emphasise lets the others fade.
		function emphasise(i, on) {
			const shown = view.servers.map((_, k) => k).filter((k) => !hidden.has(view.servers[k]));
			if (!view.bars && shown.includes(i)) plot.setSeries(on ? shown.indexOf(i) + 1 : null, { focus: on });
		}

		// read puts what is pointed at into the legend.
		function read(u, shown) {
			const at = u.cursor.idx;
			for (const v of values) v.textContent = "";
			if (view.bars) {
				readout.textContent = (at ?? -1) in shown ? tell(view, shown[at]) : "Bars are medians, strokes the least and the most.";
				return;
			}
			const x = at ?? view.rest;
			for (const i of shown) values[i].textContent = show(valueAt(view, i, x), view.y.unit, 3, 3);
			readout.textContent = "at " + show(view.at[x], view.x.unit) + (view.x.unit ? "" : " " + view.x.label);
		}

		// fill writes the table, once somebody wants to see it.
		function fill() {
			const old = table.querySelector(".scroll");
			if (old) old.remove();
			if (!table.open) return;
			const head = view.bars ? ["Server", view.y.label, "least to most", "ratio to " + data.base]
				: [view.x.label, ...view.servers.map((s) => data.servers[s].name)];
			const rows = view.bars ? view.bars.map((b, i) => [data.servers[view.servers[i]].name, b.text, spread(view, i), b.ratio || ""])
				: view.at.map((x, k) => [show(x, view.x.unit, 6), ...view.lines.map((l) => show(l[k], view.y.unit))]);
			table.append(el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": view.title }, el("table", {},
				el("caption", {}, view.title),
				el("thead", {}, el("tr", {}, ...head.map((h) => el("th", { scope: "col" }, h)))),
				el("tbody", {}, ...rows.map(([first, ...rest]) =>
					el("tr", {}, el("th", { scope: "row" }, first), ...rest.map((t) => el("td", { class: "n" }, t))))))));
		}

		draw();
		this.draw = draw;
		this.fit = () => {
			if (width() > 0 && width() !== plot.width) plot.setSize({ width: width(), height: plot.height });
		};
		this.paint = () => plot.redraw(false);
		new ResizeObserver(this.fit).observe(canvas);
	}

	// tell is a bar in words.
	function tell(view, i) {
		const b = view.bars[i];
		return `${data.servers[view.servers[i]].name}: ${b.text}, ${spread(view, i)}` + (b.ratio ? `, ${b.ratio} ${data.base}` : "");
	}

	const spread = (view, i) => show(view.bars[i].low, view.y.unit) + " to " + show(view.bars[i].high, view.y.unit);

	// valueAt is the value at x or, where lines have points of their own, at the last point before.
	function valueAt(view, i, x) {
		while (!view.holes && x > 0 && view.lines[i][x] === null) x--;
		return view.lines[i][x];
	}

	// axis is what all of them share.
	const axis = (more) => ({
		stroke: () => color("muted"), font: font(), labelFont: font(), labelGap: 2, labelSize: 22,
		grid: { stroke: () => color("line"), width: 1 }, ticks: { show: false }, ...more,
	});

	// emphasis: ours is drawn above the others, and the two that are compared are thicker.
	function stroke(server) {
		const name = data.servers[server].name;
		return name === data.subject ? 3 : name === data.base ? 2.25 : 1.5;
	}

	// powers of ten, and 2 and 5 times them where there are few.
	function logTicks(u, axis, min, max) {
		const all = [];
		const between = max / min < 300 ? [1, 2, 5] : [1];
		for (let p = 10 ** Math.floor(Math.log10(min)); p <= max; p *= 10) {
			for (const t of between) if (p * t >= min && p * t <= max) all.push(p * t);
		}
		return all;
	}

	const all = (u, splits) => splits; // uPlot would label some of them

	function lines(view, shown) {
		const log = (a) => ({ time: false, distr: a.log ? 3 : 1, log: 10 });
		const unit = (a) => (u, splits) => splits.map((v) => v === null ? null : show(v, a.unit));
		const order = [...shown].sort((a, b) => stroke(view.servers[a]) - stroke(view.servers[b]));
		shown.splice(0, shown.length, ...order);
		const x = { ...log(view.x) }, y = { ...log(view.y) };
		if (view.y.log) y.range = (u, min, max) => min === null ? [1, 10] : [min / 1.25, max * 1.25];
		else y.range = (u, min, max) => max === null ? [0, 1] : [0, max * 1.08];
		if (view.x.unit === "quantile") x.range = (u, min, max) => [min, max * 1.1];
		else if (view.low) x.range = (u, min, max) => [min / 1.6, max * 1.6];
		else if (!view.x.log) x.range = (u, min, max) => view.holes ? [min, max] : [0, max];
		const series = shown.map((i) => ({
			label: data.servers[view.servers[i]].name, stroke: data.servers[view.servers[i]].color,
			width: stroke(view.servers[i]), spanGaps: !view.holes,
			points: { show: view.at.length <= 16, size: 3 + 1.6 * stroke(view.servers[i]), fill: data.servers[view.servers[i]].color },
		}));
		return [{
			height: view.at.length > 16 ? 380 : 300,
			scales: { x, y },
			series: [{}, ...series],
			axes: [
				axis({
					label: view.x.label, values: unit(view.x), space: 64, size: 32,
					...(view.x.ticks && { splits: (u) => view.x.ticks.filter((t) => t >= u.scales.x.min && t <= u.scales.x.max), filter: all }),
				}),
				axis({
					values: unit(view.y), size: 62, space: 36,
					...(view.y.log && { splits: logTicks, filter: all }),
				}),
			],
			cursor: { focus: { prox: 24 }, drag: { x: true, y: false }, points: { size: 9 } },
			focus: { alpha: 0.25 },
			hooks: { draw: view.low ? [(u) => whiskers(u, view, shown)] : [] },
		}, [view.at, ...shown.map((i) => view.y.log ? view.lines[i].map((v) => v > 0 ? v : null) : view.lines[i])]];
	}

	// whiskers are the spread of each point.
	function whiskers(u, view, shown) {
		shown.forEach((i) => view.at.forEach((x, k) => {
			if (view.low[i][k] === null) return;
			const at = u.valToPos(x, "x", true);
			stick(u, [[at, u.valToPos(view.low[i][k], "y", true)], [at, u.valToPos(view.high[i][k], "y", true)]],
				data.servers[view.servers[i]].color);
		}));
	}

	function stick(u, points, style) {
		const c = u.ctx, cap = 3 * devicePixelRatio;
		const across = points[0][0] === points[1][0] ? [cap, 0] : [0, cap];
		c.save();
		c.beginPath();
		c.strokeStyle = style;
		c.lineWidth = 1.25 * devicePixelRatio;
		c.moveTo(...points[0]);
		c.lineTo(...points[1]);
		for (const [x, y] of points) {
			c.moveTo(x - across[0], y - across[1]);
			c.lineTo(x + across[0], y + across[1]);
		}
		c.stroke();
		c.restore();
	}

	// bars lie on their side, a row for each server, so that the names can be read.
	function bars(view, shown) {
		const rows = shown.map((i) => view.bars[i]);
		const most = Math.max(...rows.map((b) => b.high), 0) || 1;
		const names = shown.map((i) => data.servers[view.servers[i]].name);
		const behind = 30 + 6.6 * Math.max(...rows.map((b) => b.text.length + (b.ratio || "").length), 0); // the figures
		const room = (u) => {
			const beside = Math.max(u.width - 104, 200); // the names
			return beside / Math.max(beside - behind, 40);
		};
		const within = (u, splits) => splits.map((v) => v > most * 1.02 ? null : v);
		return [{
			height: 66 + 28 * Math.max(1, rows.length),
			scales: {
				x: { time: false, ori: 1, dir: -1, range: [-0.5, Math.max(1, rows.length) - 0.5] },
				y: { ori: 0, dir: 1, range: (u) => [0, most * room(u)] },
			},
			series: [{}, { paths: () => null, points: { show: false } }],
			axes: [
				axis({ side: 3, size: 88, grid: { show: false }, stroke: () => color("ink"), gap: 8,
					splits: () => names.map((_, i) => i), values: () => names }),
				axis({ side: 2, label: view.y.label, size: 30, space: 50, filter: within,
					values: (u, splits) => splits.map((v) => v === null ? null : show(v, view.y.unit)),
					grid: { stroke: () => color("line"), width: 1, filter: within } }),
			],
			cursor: { x: false, y: false, drag: { setScale: false, x: false, y: false }, points: { show: false } },
			hooks: { draw: [(u) => drawBars(u, view, shown)] },
		}, [rows.map((_, i) => i), rows.map((b) => b.median)]];
	}

	function drawBars(u, view, shown) {
		const c = u.ctx, px = devicePixelRatio;
		const from = u.valToPos(0, "y", true);
		c.save();
		c.font = font("600").replace("12px", 12 * px + "px");
		c.textBaseline = "middle";
		c.textAlign = "left";
		shown.forEach((i, k) => {
			const b = view.bars[i];
			const y = u.valToPos(k, "x", true), half = 8 * px;
			const to = u.valToPos(b.median, "y", true);
			c.fillStyle = data.servers[view.servers[i]].color;
			c.fillRect(from, y - half, Math.max(to - from, px), 2 * half);
			const high = u.valToPos(b.high, "y", true);
			if (b.high > b.low) stick(u, [[u.valToPos(b.low, "y", true), y], [high, y]], color("ink"));
			c.fillStyle = color("ink");
			c.fillText(b.text, high + 8 * px, y);
			if (b.ratio) {
				const after = high + 16 * px + c.measureText(b.text).width;
				c.fillStyle = color("muted");
				c.font = font().replace("12px", 12 * px + "px");
				c.fillText(b.ratio, after, y);
				c.font = font("600").replace("12px", 12 * px + "px");
			}
		});
		c.restore();
	}

	function toggle(server) {
		if (!hidden.delete(server)) hidden.add(server);
		drawAll();
	}

	function drawAll() {
		for (const p of plots) p.draw();
		switches();
	}

	// switches are for all plots at once.
	function switches() {
		const box = document.getElementById("all");
		if (!box || data.servers.length < 3) return;
		const pair = data.servers.map((s) => s.name === data.subject || s.name === data.base);
		const only = (keep) => () => {
			hidden.clear();
			data.servers.forEach((_, i) => keep(i) || hidden.add(i));
			drawAll();
		};
		const button = (text, pressed, act) => {
			const b = el("button", { type: "button", "aria-pressed": String(pressed) }, text);
			b.addEventListener("click", act);
			return b;
		};
		const two = data.servers.every((_, i) => hidden.has(i) !== pair[i]);
		box.replaceChildren(
			button("All servers", hidden.size === 0, only(() => true)),
			button(`Only ${data.subject} and ${data.base}`, two, only((i) => pair[i])));
	}

	// Paper is white whatever the screen is.
	addEventListener("beforeprint", () => {
		root.classList.add("paper");
		for (const p of plots) { p.fit(); p.paint(); }
	});
	addEventListener("afterprint", () => {
		root.classList.remove("paper");
		for (const p of plots) { p.fit(); p.paint(); }
	});
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plots.forEach((p) => p.paint()));

	const plots = data.plots.map((spec) => new Plot(spec));
	document.getElementById("download").href =
		"data:application/json;charset=utf-8," + encodeURIComponent(JSON.stringify(data.result, null, "\t") + "\n");
	switches();
	main.dataset.drawn = String(plots.length);
})();
