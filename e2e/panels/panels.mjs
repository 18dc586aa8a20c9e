// Takes every panel of dashboards through the libraries that Grafana is made of,
// with answers of Prometheus, and writes what is wrong as JSON:
//
//   node panels.mjs MODULES DASHBOARDS ANSWERS PROBLEMS
//
// MODULES has node_modules, DASHBOARDS are *.json, ANSWERS is a file with what
// Prometheus answers in each situation, and PROBLEMS is the file to write.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { shapes } from './shapes.mjs';

const [modules, dir, answers, output] = process.argv.slice(2);
const require = createRequire(path.join(modules, 'package.json'));
const { window } = new (require('jsdom').JSDOM)('', { url: 'http://localhost/' });
for (const name of ['window', 'document', 'navigator', 'localStorage', 'Element', 'HTMLElement', 'Node', 'DOMParser']) {
  Object.defineProperty(globalThis, name, { value: name === 'window' ? window : window[name], configurable: true });
}
const g = require('@grafana/data');
const { lastValueFrom } = require('rxjs');
const theme = g.createTheme();
const timeZone = 'utc';

// The standard settings of fields, which Grafana registers when it starts.
const processors = {
  unit: g.unitOverrideProcessor, min: g.numberOverrideProcessor, max: g.numberOverrideProcessor, decimals: g.numberOverrideProcessor,
  displayName: g.displayNameOverrideProcessor, noValue: g.stringOverrideProcessor, thresholds: g.thresholdsOverrideProcessor,
  mappings: g.valueMappingsOverrideProcessor, links: g.dataLinksOverrideProcessor, filterable: g.booleanOverrideProcessor,
};
const setting = (id, process = g.identityOverrideProcessor) => ({ id, path: id, name: id, process, shouldApply: () => true, settings: {} });
g.standardFieldConfigEditorRegistry.setInit(() => Object.values(g.FieldConfigProperty).map((id) => setting(id, processors[id])));
const transformers = new Map(Object.values(g.standardTransformers).map((t) => [t.id, { ...t, transformation: t }]));
g.standardTransformersRegistry.setInit(() => [...transformers.values()]);

const dashboards = readdirSync(dir).filter((f) => f.endsWith('.json')).map((f) => JSON.parse(readFileSync(path.join(dir, f), 'utf8')));
const { custom, problems } = shapes(require, modules, dashboards);

// The kinds of panel as plugins, with the settings that the schema has.
const plugins = {};
for (const [kind, names] of Object.entries(custom)) {
  plugins[kind] = new g.PanelPlugin(null).useFieldConfig({ useCustomConfig: (b) => names.forEach((n) => b.addCustomEditor(setting(n))) });
  plugins[kind].meta = { id: kind, name: kind };
}

// What is green says that all is well.
const good = ['super-light-green', 'light-green', 'green', 'semi-dark-green', 'dark-green'].map((c) => theme.visualization.getColorByName(c));

// An answer as Grafana's data source for Prometheus gives it: a frame for each
// series, or a table.
function frames(panel, answer) {
  return panel.targets.flatMap(({ refId, format }) => {
    const series = answer[refId] ?? [];
    const names = [...new Set(series.flatMap((s) => Object.keys(s.labels).sort()))];
    const time = (values) => ({ name: 'Time', type: 'time', values, config: {} });
    if (format === 'table') {
      return g.createDataFrame({ refId, fields: [
        time(series.flatMap((s) => s.times)),
        ...names.map((name) => ({ name, type: 'string', values: series.map((s) => s.labels[name] ?? ''), config: {} })),
        { name: panel.targets.length > 1 ? `Value #${refId}` : 'Value', type: 'number', values: series.flatMap((s) => s.values.map(Number)), config: {} },
      ] });
    }
    return series.map((s) => g.createDataFrame({ refId, name: s.name, fields: [
      time(s.times), { name: 'Value', type: 'number', labels: s.labels, values: s.values.map(Number), config: { displayNameFromDS: s.name } },
    ] }));
  });
}

// The text with its variables filled in. What cannot be filled in stays.
const replace = (variables) => (text, scoped) => text?.replace(/\$\{([^}]+)\}|\$(\w+)/g, (all, braced, plain) => {
  const [name, format] = (braced ?? plain).split(':');
  const { field, frame, rowIndex = 0 } = scoped?.__dataContext?.value ?? {};
  const [, label] = /^__field\.labels\.(\w+)$/.exec(name) ?? [];
  const [, column] = /^__data\.fields\.(\w+)$/.exec(name) ?? [];
  if (label) return field?.labels?.[label] ?? all;
  if (column) return frame ? g.getFieldDisplayValuesProxy({ frame, rowIndex })[column] ?? all : all;
  if (name === '__url_time_range') return 'from=now-1d&to=now';
  if (!(name in variables)) return all;
  return format === 'queryparam' ? `var-${name}=${variables[name]}` : variables[name];
});
const unfilled = /\$\{?\w|\{\{|\[\[/;

// A panel in a situation: what Grafana would draw.
async function draw(panel, answer, variables) {
  const plugin = plugins[panel.type];
  const { options, fieldConfig } = g.getPanelOptionsWithDefaults({
    plugin, currentOptions: panel.options, currentFieldConfig: structuredClone(panel.fieldConfig), isAfterPluginChange: false,
  });
  const replaceVariables = replace(variables);
  const raw = frames(panel, answer);
  const data = g.applyFieldOverrides({
    data: await lastValueFrom(g.transformDataFrame(panel.transformations ?? [], raw, { interpolate: replaceVariables })),
    fieldConfig, fieldConfigRegistry: plugin.fieldConfigRegistry, replaceVariables, theme, timeZone,
  });
  const reduced = options.reduceOptions && g.getFieldDisplayValues({ data, fieldConfig, reduceOptions: options.reduceOptions, replaceVariables, theme, timeZone });
  return { options, fieldConfig, data, reduced, empty: raw.every((f) => f.length === 0) };
}

const visible = ({ config: { custom } }) => !custom?.hidden && !custom?.hideFrom?.viz;
const columns = ({ data }, some = () => true) => data.flatMap((frame) => frame.fields.filter(some).map((f) => g.getFieldDisplayName(f, frame, data)));
const organized = (panel) => panel.transformations.find((t) => t.id === 'organize').options;
const matches = (override, { data }) => data.some((frame) => frame.fields.some((field) => g.getFieldMatcher(override.matcher)(field, frame, data)));

// What is wrong with a panel as it is drawn in a situation.
function* look(panel, situation, drawn) {
  const { options, fieldConfig, data, reduced, empty } = drawn;
  if (empty && !fieldConfig.defaults.noValue) yield 'says "No data", and not why';
  const unreachable = situation === 'outage' || situation === 'nothing';
  if (empty && unreachable && !/\b(known|scraped)\b/.test(fieldConfig.defaults.noValue ?? 'known')) {
    yield `says "${fieldConfig.defaults.noValue}", but nothing is known`;
  }
  for (const { display } of reduced ?? []) {
    const coloured = panel.type === 'bargauge' || options.colorMode !== 'none';
    if (unreachable && coloured && good.includes(theme.visualization.getColorByName(display.color))) {
      yield `is green and says "${g.formattedValueToString(display)}"`;
    }
    if (/^(NaN|undefined|null)?$/.test(g.formattedValueToString(display))) yield `says "${g.formattedValueToString(display)}"`;
  }
  if (empty) return;
  if (panel.type === 'bargauge' && reduced.length === 1 && !fieldConfig.defaults.displayName) yield 'does not name its only bar';

  const names = reduced ? reduced.map((r) => r.display.title) : columns(drawn, (f) => f.type !== 'time');
  for (const name of names) if (!name || unfilled.test(name)) yield `has the name ${JSON.stringify(name)}`;
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) yield `has two of the name "${twice}"`;

  for (const frame of data) {
    for (const field of frame.fields.filter((f) => f.type !== 'time')) {
      const below = field.config.custom?.fillBelowTo;
      if (below && !names.includes(below)) yield `fills below to "${below}"; there are ${names.join(', ')}`;
      for (const link of field.getLinks({ valueRowIndex: 0 })) if (unfilled.test(link.href)) yield `links to ${link.href}`;
      const mode = field.config.custom?.displayMode ?? field.config.custom?.cellOptions?.type;
      if (/gauge/.test(mode) && field.values.some((v) => v == null) && !g.formattedValueToString(field.display(null))) {
        yield `draws nothing but an empty bar in column ${g.getFieldDisplayName(field, frame, data)} where there is no value`;
      }
      if (panel.type === 'bargauge' && field.type === 'number' && field.config.min === undefined) yield 'draws its least value as an empty bar: it has no min';
    }
  }
  if (panel.type !== 'table') return;
  const { renameByName, indexByName } = organized(panel);
  const titles = Object.entries(renameByName).sort(([a], [b]) => indexByName[a] - indexByName[b]).map(([, title]) => title);
  const shown = columns(drawn, visible);
  const unknown = shown.filter((c) => !titles.includes(c));
  if (unknown.length > 0) yield `has the columns ${unknown.join(', ')}`;
  const order = shown.map((c) => titles.indexOf(c)).filter((i) => i >= 0);
  if (order.some((at, i) => at < order[i - 1])) yield `has its columns in the order ${shown.join(', ')}`;
}

// What is wrong with a panel over all situations in which it is drawn.
function* compare(panel, all) {
  const full = all.filter((d) => d.situation === 'healthy' && !d.empty);
  if (full.length === 0) {
    yield ['healthy', 'has no data'];
    return;
  }
  const { options, fieldConfig } = full[0];
  for (const o of fieldConfig.overrides) {
    if (!full.some((d) => matches(o, d))) yield ['healthy', `overrides ${JSON.stringify(o.matcher)}, which there is not`];
  }
  if (panel.type === 'table') {
    const every = full.flatMap((d) => columns(d)), shown = full.flatMap((d) => columns(d, visible));
    for (const title of Object.values(organized(panel).renameByName)) if (!every.includes(title)) yield ['healthy', `has no column ${title}`];
    for (const { displayName } of options.sortBy ?? []) if (!shown.includes(displayName)) yield ['healthy', `is sorted by ${displayName}, which is not shown`];
  }
  const calcs = (options.legend?.calcs ?? []).map((c) => g.fieldReducers.get(c).name);
  const { sortBy } = options.legend ?? {};
  if (sortBy && !calcs.includes(sortBy)) yield ['healthy', `sorts its legend by ${sortBy}; there are ${calcs.join(', ')}`];
  const outage = all.filter((d) => d.situation === 'outage');
  if (/^(timeseries|state-timeline)$/.test(panel.type) && outage.every((d) => d.empty)) yield ['outage', 'loses its past'];
}

const situations = JSON.parse(readFileSync(answers, 'utf8'));
for (const d of dashboards) {
  for (const panel of d.panels.filter((p) => p.type !== 'row')) {
    const reported = new Set();
    const report = (situation, problem) => {
      if (!reported.has(situation + problem)) problems.push({ dashboard: d.uid, panel: panel.title, situation, problem });
      reported.add(situation + problem);
    };
    const all = [];
    try {
      for (const s of situations.filter((s) => s.dashboard === d.uid)) {
        const answer = s.panels[panel.id];
        const seen = [[s.situation, answer]];
        if (s.situation === 'healthy') {
          seen.push(['one series', Object.fromEntries(Object.entries(answer).map(([refId, series]) => [refId, series.slice(0, 1)]))]);
        }
        for (const [situation, a] of seen) {
          const drawn = { situation, ...await draw(panel, a, s.variables) };
          all.push(drawn);
          for (const problem of new Set(look(panel, situation, drawn))) report(situation, problem);
        }
      }
      for (const [situation, problem] of compare(panel, all)) report(situation, problem);
    } catch (e) {
      report('always', `Grafana cannot draw it: ${e.message.slice(0, 200)}`);
    }
  }
}
writeFileSync(output, JSON.stringify(problems));
