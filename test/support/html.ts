/** What a mail program, or a browser without script, makes of HTML. */
import { parse, type DefaultTreeAdapterTypes as Tree } from 'parse5';

type Node = Tree.ChildNode | Tree.Document;

interface Page {
  /** Each element with its attributes, in document order: `html lang=de`. */
  elements: string[];
  /** The text of each paragraph and each command. */
  paragraphs: string[];
}

export function readHtml(html: string): Page {
  const page: Page = { elements: [], paragraphs: [] };
  visit(parse(html), page);
  return page;
}

function visit(node: Node, page: Page): void {
  if ('tagName' in node) {
    const attributes = node.attrs.map(({ name, value }) => ` ${name}=${value}`);
    page.elements.push(node.tagName + attributes.join(''));
    if (node.tagName === 'p' || node.tagName === 'pre') page.paragraphs.push(textOf(node));
  }
  if ('childNodes' in node) for (const child of node.childNodes) visit(child, page);
}

function textOf(node: Node): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}

interface Form {
  action: string;
  /** The fields that no person fills in. */
  hidden: Record<string, string>;
}

export function formsIn(html: string): Form[] {
  const forms: Form[] = [];
  const look = (node: Node): void => {
    const attributes =
      'attrs' in node ? new Map(node.attrs.map(({ name, value }) => [name, value])) : undefined;
    const { nodeName } = node;
    if (nodeName === 'form') forms.push({ action: attributes?.get('action') ?? '', hidden: {} });
    if (nodeName === 'input' && attributes?.get('type') === 'hidden' && attributes.has('name'))
      Object.assign(forms.at(-1)?.hidden ?? {}, { [attributes.get('name')!]: attributes.get('value') ?? '' });
    if ('childNodes' in node) node.childNodes.forEach(look);
  };
  look(parse(html));
  return forms;
}
