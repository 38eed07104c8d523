/** Whether a description is OME-XML: a program's remark may stand before the root element. */
export function isOmeXml(description: string): boolean {
  return /<(?:\w+:)?OME[\s>]/.test(description.slice(0, 4096));
}
