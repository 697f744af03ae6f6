/** A page, read by the parser of another project, as a browser would. */
import { parse, type DefaultTreeAdapterTypes } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

interface Page {
  all: (tag: string) => Element[];
  text: (of?: Node) => string;
  /** The cells of each row of the table that follows a heading. */
  tableAfter: (heading: string) => string[][];
}

export function readPage(html: string): Page {
  const document = parse(html);
  const nodes: Node[] = [];
  const walk = (node: Node): void => {
    nodes.push(node);
    if ('childNodes' in node) node.childNodes.forEach(walk);
  };
  walk(document);
  const all = (tag: string) =>
    nodes.filter((node): node is Element => 'tagName' in node && node.tagName === tag);
  return {
    all,
    text: (of = all('body')[0]!) => textOf(of),
    tableAfter(heading) {
      const from = nodes.findIndex(
        (node) => /^h[23]$/.test(node.nodeName) && textOf(node).startsWith(heading),
      );
      const table = nodes.slice(from).find((node) => node.nodeName === 'table')!;
      return elementsIn(table, 'tr').map((row) =>
        [...elementsIn(row, 'th'), ...elementsIn(row, 'td')].map(textOf),
      );
    },
  };
}

function elementsIn(node: Node, tag: string): Element[] {
  if (!('childNodes' in node)) return [];
  return node.childNodes.flatMap((child) =>
    'tagName' in child && child.tagName === tag ? [child] : elementsIn(child, tag),
  );
}

function textOf(node: Node): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('').replaceAll(/\s+/g, ' ').trim() : '';
}
