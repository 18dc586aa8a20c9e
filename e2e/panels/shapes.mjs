// Checks dashboards against the types that Grafana publishes in @grafana/schema.
import path from 'node:path';

// Where the types of each kind of panel are, its options and its own field settings.
// A table may have what Grafana 9.3 writes and later versions translate.
const kinds = {
  stat: ['stat/panelcfg/x/StatPanelCfg', 'stat.Options', '{}'],
  bargauge: ['bargauge/panelcfg/x/BarGaugePanelCfg', 'bargauge.Options', '{}'],
  timeseries: ['timeseries/panelcfg/x/TimeSeriesPanelCfg', 'timeseries.Options', 'timeseries.FieldConfig'],
  table: ['table/panelcfg/x/TablePanelCfg', 'table.Options & { footer: {} }', 'table.FieldConfig & { hidden: boolean }'],
  'state-timeline': ['statetimeline/panelcfg/x/StateTimelinePanelCfg', 'statetimeline.Options', 'statetimeline.FieldConfig'],
};

const types = `
import type * as schema from '@grafana/schema';
// As it is in JSON: strings for enums of strings.
type JSON<T> = unknown extends T ? T : T extends string ? \`\${T}\` : T extends object ? { [K in keyof T]: JSON<T[K]> } : T;
type Some<T> = unknown extends T ? T : T extends any[] ? T : T extends object ? { [K in keyof T]?: Some<T[K]> } : T;
type Set<T, Prefix extends string> = { [K in keyof T & string]-?: { id: \`\${Prefix}\${K}\`; value: Exclude<T[K], undefined> } }[keyof T & string];
type Field = Omit<schema.FieldConfig, 'custom'>;
type Panel<Type, Options, Custom> = JSON<Omit<schema.Panel, 'type' | 'options' | 'fieldConfig' | 'links'> & {
  type: Type;
  options: Some<Options>;
  links?: Partial<schema.DashboardLink>[];
  fieldConfig: {
    defaults: Field & { custom?: Some<Custom> };
    overrides: { matcher: schema.MatcherConfig; properties: (Set<Field, ''> | Set<Custom, 'custom.'>)[] }[];
  };
}>;
type Row = JSON<schema.RowPanel>;
type Variable = Omit<schema.VariableModel, 'id'> & { definition?: string };
type Dashboard = JSON<Omit<schema.Dashboard, 'panels' | 'templating'> & { templating: { list: Variable[] } }>;
`;

// shapes returns the names of the field settings of each kind of panel, and what
// is wrong with the shape of dashboards.
export function shapes(require, modules, dashboards) {
  const ts = require('typescript');
  const file = path.join(modules, 'dashboards.ts');
  let text = types;
  for (const [kind, [at, options, custom]] of Object.entries(kinds)) {
    const name = kind.replace('-', '');
    text += `import type * as ${name} from '@grafana/schema/dist/types/raw/composable/${at}_types.gen.d.ts';\n`;
    text += `type ${name}Options = ${options};\ntype ${name}Custom = ${custom};\n`;
  }
  const places = []; // from which offset on the text is which panel
  const put = (type, value, dashboard, panel) => {
    places.push({ from: text.length, dashboard, panel });
    text += `export const _${places.length}: ${type} = ${JSON.stringify(value, null, 1)};\n`;
  };
  for (const { panels, ...d } of dashboards) {
    put('Dashboard', d, d.uid, '');
    for (const p of panels) {
      const name = p.type.replace('-', '');
      put(p.type === 'row' ? 'Row' : `Panel<'${p.type}', ${name}Options, ${name}Custom>`, p, d.uid, p.title);
    }
  }
  const options = {
    strict: true, noEmit: true, skipLibCheck: true, types: [], lib: ['lib.es2022.d.ts'],
    target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...more) => name === file ? ts.createSourceFile(name, text, options.target) : getSourceFile.call(host, name, ...more);
  host.fileExists = (name) => name === file || fileExists.call(host, name);
  host.readFile = (name) => name === file ? text : readFile.call(host, name);
  const program = ts.createProgram([file], options, host);
  const source = program.getSourceFile(file);

  const problems = ts.getPreEmitDiagnostics(program, source).map((d) => {
    const { dashboard, panel } = places.findLast((p) => p.from <= d.start) ?? {};
    const line = text.slice(text.lastIndexOf('\n', d.start) + 1, text.indexOf('\n', d.start)).trim();
    return { dashboard, panel, situation: 'always', problem: `the schema does not allow ${line}: ${ts.flattenDiagnosticMessageText(d.messageText, ' ').slice(0, 200)}` };
  });
  const custom = {};
  const checker = program.getTypeChecker();
  source.forEachChild((node) => {
    for (const kind of Object.keys(kinds)) {
      if (ts.isTypeAliasDeclaration(node) && node.name.text === `${kind.replace('-', '')}Custom`) {
        custom[kind] = checker.getPropertiesOfType(checker.getTypeAtLocation(node)).map((p) => p.name);
      }
    }
  });
  return { custom, problems };
}
