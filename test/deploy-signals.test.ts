/** The examples for Prometheus and Grafana name what there is. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { register } from 'prom-client';
import { parse } from 'yaml';
import { gaugeEngines } from '../src/doctor/engine-gauges.js';
import { metricsPage } from '../src/process/metrics.js';
import { services as compose } from './support/compose-file.js';

interface Alert {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string };
}
interface Panel {
  title: string;
  targets: { expr: string }[];
}

const read = (name: string): string => readFileSync(path.join('deploy', name), 'utf8');
const { groups } = parse(read('alerts.yml')) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);
const { panels } = JSON.parse(read('grafana-dashboard.json')) as { panels: Panel[] };
const { scrape_configs: jobs, rule_files: rules } = parse(read('prometheus.yml')) as {
  scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
  rule_files: string[];
};

/** What follows a name in an expression tells a metric from a function or a label. */
const metricsIn = (expr: string): string[] =>
  [...expr.replaceAll(/\{[^}]*\}|by \([^)]*\)/g, '').matchAll(/[a-z][a-z_]*(?![a-z_(]| *\()/g)]
    .map(([name]) => name)
    .filter((name) => /^(ems|temporal|process|nodejs|up)/.test(name));

describe('the examples for Prometheus and Grafana', () => {
  const known = new Set<string>();
  before('the metrics of every process, of the console, and of the SDK', async () => {
    await metricsPage();
    const nowhere = '127.0.0.1:1';
    const close = gaugeEngines({
      temporal: { connectionOptions: { address: nowhere } },
      nats: { servers: [nowhere] },
    });
    for (const { name, type } of register.getMetricsAsArray()) {
      known.add(name);
      if (String(type) === 'histogram')
        for (const part of ['bucket', 'sum', 'count']) known.add(`${name}_${part}`);
    }
    await close();
    known.add('up');
  });

  /** The SDK shows a metric once it has a value. Its core has all names. */
  function isOfSdk(name: string): boolean {
    if (!name.startsWith('temporal_')) return false;
    const releases = 'node_modules/@temporalio/core-bridge/releases';
    const [core] = readdirSync(releases);
    return readFileSync(path.join(releases, core!, 'index.node')).includes(name.replace('temporal_', ''));
  }

  const expressions = [
    ...alerts.map(({ alert, expr }) => [alert, expr] as const),
    ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
  ];

  it('name only metrics that there are', () => {
    for (const [title, expr] of expressions) {
      const names = metricsIn(expr);
      assert.ok(names.length > 0, `${title} names no metric: ${expr}`);
      for (const name of names) assert.ok(known.has(name) || isOfSdk(name), `${title} names ${name}`);
    }
    assert.ok(!known.has('ems_unknown') && !isOfSdk('temporal_unknown_metric'));
  });

  it('name only labels that the metrics have', () => {
    const own = ['form', 'phase', 'step', 'system', 'end', 'consumer', 'type'];
    const labels = new Set([...own, 'le', 'job', 'instance', 'task_queue', 'poller_type']);
    const texts = [
      ...alerts.map(({ annotations }) => annotations.summary),
      ...expressions.map(([, expr]) => expr),
    ];
    for (const text of texts)
      for (const [, list = '', one = ''] of text.matchAll(/by \(([^)]*)\)|\$labels\.(\w+)/g))
        for (const label of (list || one).split(/, */)) assert.ok(labels.has(label), `${label} in ${text}`);
  });

  it('alert each outage, with a severity and what to do', () => {
    for (const { alert, labels, annotations } of alerts) {
      assert.match(labels.severity, /^(critical|warning)$/, alert);
      assert.ok(annotations.summary.length > 20, alert);
    }
    for (const metric of ['up', 'ems_engine_reached', 'ems_consumer_pulled', 'ems_attempts_total'])
      assert.ok(
        alerts.some(({ expr }) => metricsIn(expr).includes(metric)),
        metric,
      );
    assert.deepEqual(rules, ['alerts.yml']);
  });

  it('scrape each process of the deployment, at a port where it answers others', () => {
    const targets = jobs.flatMap(({ static_configs }) => static_configs.flatMap((config) => config.targets));
    for (const target of targets) {
      const [name, port] = target.split(':') as [string, string];
      const { entrypoint = [], command = [] } = compose[name]!;
      assert.ok([...entrypoint, ...command].includes(`0.0.0.0:${port}`), target);
    }
    for (const name of Object.keys(compose).filter((each) => /^(worker|service)-|^console$/.test(each)))
      assert.ok(targets.includes(`${name}:8081`), name);
  });
});
