// A phone with ODK Web Forms' engine, in Node: node engine.mjs BASE NOW_MS [edit] < {"form id": [seed, …]}.
// It lists, downloads and fills forms by chance, submits each record, and prints a line of JSON for each: what it saw.
// With "edit" it then opens each record from its own XML, changes it, and submits it again (`edited`).
// In place of a seed may stand {"xml": …, "answers": {reference: text}}: that record is opened, answered so, and submitted.
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'

const web = new URL('../../fieldsync/web/', import.meta.url)
const require = createRequire(new URL('package.json', web))
const { JSDOM } = require('jsdom')
const { window } = new JSDOM('')
const [base, now, edits] = process.argv.slice(2)

// The phone's clock is the server's, and stands still: however long the forms take, today() is one day on both sides.
globalThis.Date = class extends Date {
  constructor(...given) {
    super(...(given.length ? given : [Number(now)]))
  }
  static now() {
    return Number(now)
  }
}

// The engine wants a browser's documents, and CommonJS names for the parser that it brings along. File, Blob and FormData stay Node's own.
const DOM = ['document', 'DOMParser', 'XMLSerializer', 'XPathResult', 'XPathExpression', 'XPathEvaluator', 'Node', 'NodeFilter', 'NodeList',
  'NamedNodeMap', 'TreeWalker', 'Document', 'XMLDocument', 'DocumentType', 'DocumentFragment', 'ShadowRoot', 'Element', 'HTMLElement', 'Attr',
  'CharacterData', 'Text', 'CDATASection', 'Comment', 'ProcessingInstruction']
globalThis.window = window
for (const name of DOM) if (window[name] !== undefined) globalThis[name] = window[name]
globalThis.__dirname = '/'
globalThis.require = require
const { loadForm } = await import(pathToFileURL(new URL('node_modules/@getodk/xforms-engine/dist/index.js', web).pathname))

const wanted = JSON.parse(await text(process.stdin))
const HEADERS = { 'X-OpenRosa-Version': '1.0' }

// ---- chance: the same seed gives the same record -------------------------------------------------
function dice(seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  return {
    chance: (share) => next() < share,
    below: (count) => Math.floor(next() * count),
    pick: (values) => values[Math.floor(next() * values.length)],
    some: (values) => values.filter(() => next() < 0.4),
    shuffled: (values) => values.map((value) => [next(), value]).sort(([a], [b]) => a - b).map(([, value]) => value),
  }
}

const TEXTS = ['abc', 'a', 'b', '12', 'Aïcha', 'فاطمة الزهراء', 'a b', '  spaced  out ', 'true', '0', 'line\nline', 'x < y & "z"', '😀é', 'ⵜⴰⵎⴰⵣⵉⵖⵜ',
  'longer than eight', '\u200fيمين', "d'eau", 'ba,ab', '2020-02-29']
const POINTS = [
  { latitude: 31.6295, longitude: -7.9811, altitude: 466.5, accuracy: 4.25 },
  { latitude: 35.1688, longitude: -5.2636, altitude: 0, accuracy: 30 },
  { latitude: -0.5, longitude: 179.999999, altitude: -3, accuracy: 0.001 },
  { latitude: 30, longitude: -9, altitude: null, accuracy: null },
]
const VALUES = {
  string: (by) => by.pick(TEXTS),
  barcode: (by) => by.pick(['6111245590104', 'x-1']),
  int: (by) => BigInt(by.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 19, 40, 99, 100, -1, -17, 2147483647])),
  decimal: (by) => by.pick([0, 0.1, 1.5, 2.25, 2.5, -0.75, 3.999, 12.345678, 1e-7, 123456789.125, 49.999]),
  date: (by) => by.pick(['1999-12-31', '2020-02-29', '2026-12-31', '2027-01-01', '2062-07-05']),
  time: (by) => by.pick(['08:30:00.000+01:00', '23:59:59.999+01:00', '00:00:00.000+01:00']),
  dateTime: (by) => by.pick(['2026-11-20T08:30:00.000+01:00', '2020-02-29T23:59:00.000+01:00']),
  geopoint: (by) => by.pick(POINTS),
  geotrace: () => POINTS.slice(0, 3),
  geoshape: () => [POINTS[0], POINTS[1], POINTS[3], POINTS[0]],
}

// ---- filling -------------------------------------------------------------------------------------
function answer(node, by) {
  const empty = by.chance(0.12)
  const offered = () => node.currentState.valueOptions.map(({ value }) => value)
  if (node.nodeType === 'select' && node.selectType === 'select') node.selectValues(empty ? [] : by.some(offered()))
  else if (node.nodeType === 'select') node.selectValue(empty || !offered().length ? null : by.pick(offered()))
  else if (node.nodeType === 'rank') node.setValues(empty ? [] : by.shuffled(offered()))
  else if (node.nodeType === 'trigger') node.setValue(!empty)
  else if (node.nodeType === 'range') node.setValue(by.below(13))
  else if (node.nodeType === 'upload') node.setValue(empty ? null : new File([`file ${by.below(1e9)}`], 'IMG.jpg', { type: 'image/jpeg' }))
  else if (node.nodeType === 'input') node.setValue(empty ? { string: '', barcode: '' }[node.valueType] ?? null : (VALUES[node.valueType] ?? VALUES.string)(by))
}

function fill(node, by, share) {
  const { relevant, readonly, children } = node.currentState
  if (!relevant) return
  if (node.nodeType === 'repeat-range:uncontrolled') {
    if (share > 0.5 && by.chance(0.5)) node.addInstances(undefined, 1 + by.below(2))
    if (by.chance(0.2) && node.currentState.children.length > 1) node.removeInstances(0, 1)
  }
  if (children !== null && children !== undefined) for (const child of [...node.currentState.children]) fill(child, by, share)
  else if (!readonly && by.chance(share)) answer(node, by)
}

// ---- what it sees --------------------------------------------------------------------------------
function seen(node, found = []) {
  const { reference, relevant, readonly, required, valueOptions, children } = node.currentState
  found.push({
    reference,
    type: node.nodeType,
    relevant,
    readonly,
    required,
    violation: node.validationState?.violation?.condition ?? null,
    message: node.validationState?.violation?.message?.asString ?? null,
    value: 'instanceValue' in node.currentState ? String(node.currentState.instanceValue) : null,
    offered: Array.isArray(valueOptions) ? valueOptions.map(({ value }) => value) : null,
  })
  if (relevant) for (const child of children ?? []) seen(child, found)
  return found
}

/** Files in questions that do not apply (any more): the engine goes on counting them, and does not send them. */
function hiddenFiles(node, found = []) {
  const { reference, relevant, instanceValue, children } = node.currentState
  if (node.nodeType === 'upload' && !relevant && instanceValue) found.push(reference)
  for (const child of children ?? []) hiddenFiles(child, found)
  return found
}

// ---- the way of a phone --------------------------------------------------------------------------
async function get(url) {
  const response = await fetch(url, { headers: HEADERS })
  if (response.status !== 200) throw new Error(`${url}: ${response.status}`)
  return response
}
const named = (element, name) => element.getElementsByTagName(name)[0]?.textContent ?? null
const parsed = async (url) => new window.DOMParser().parseFromString(await (await get(url)).text(), 'text/xml')

async function opened(entry) {
  const manifestUrl = named(entry, 'manifestUrl')
  const files = new Map()
  for (const file of manifestUrl ? (await parsed(manifestUrl)).getElementsByTagName('mediaFile') : []) {
    files.set(named(file, 'filename'), named(file, 'downloadUrl'))
  }
  const fetchFormAttachment = async (url) => fetch(files.get(decodeURIComponent(url.href.split('/').pop())) ?? `${base}/none`, { headers: HEADERS })
  const form = await loadForm(await (await get(named(entry, 'downloadUrl'))).text(), { fetchFormAttachment, missingResourceBehavior: 'BLANK' })
  if (form.status === 'failure') throw form.error
  return form
}

async function record(form, seed) {
  const by = dice(seed)
  const { root } = form.createInstance({
    instanceAttachments: { fileNameFactory: ({ extension }) => `${by.below(1e9)}${extension ?? ''}` },
    preloadProperties: { deviceID: 'collect:1', username: 'amina' },
  })
  fill(root, by, 0.85)
  for (const times of [0.15, 0.1]) if (by.chance(0.6)) fill(root, by, times)
  const { line, parts } = await submitted(root)
  return edits ? { ...line, edited: await edited(form, line.xml, parts, by) } : line
}

async function submitted(root) {
  const payload = await root.prepareInstancePayload({ payloadType: 'monolithic' })
  const parts = payload.data[0]
  const xml = await parts.get('xml_submission_file').text()
  const nodes = seen(root)
  const sent = await fetch(`${base}/submission?deviceID=engine`, { method: 'POST', body: parts, headers: HEADERS })
  const line = { xml, nodes, hidden: hiddenFiles(root), ready: payload.status, files: [...parts.keys()].slice(1), status: sent.status, said: await sent.text() }
  return { line, parts }
}

async function reopened(form, xml, attachments, by) {
  const input = { inputType: 'FORM_INSTANCE_INPUT_RESOLVABLE', resolveInstance: async () => xml, attachments }
  const { root } = await form.editInstance(input, {
    instanceAttachments: { fileNameFactory: ({ extension }) => `${by.below(1e9)}${extension ?? ''}` },
    preloadProperties: { deviceID: 'collect:1', username: 'amina' },
  })
  return root
}

async function edited(form, xml, parts, by) {
  const attachments = new Map([...parts.keys()].slice(1).map((name) => [name, async () => new Response(parts.get(name))]))
  const root = await reopened(form, xml, attachments, by)
  fill(root, by, 0.3)
  return (await submitted(root)).line
}

async function answered(form, { xml, answers }) {
  const root = await reopened(form, xml, new Map(), dice(0))
  const opened = seen(root)
  const left = new Map(Object.entries(answers))
  const put = (node) => {
    const { reference, children } = node.currentState
    if (left.has(reference)) {
      if (node.nodeType === 'select') node.selectValue(left.get(reference))
      else node.setValue(left.get(reference))
      left.delete(reference)
    }
    for (const child of children ?? []) put(child)
  }
  put(root)
  if (left.size) throw new Error(`not asked: ${[...left.keys()]}`)
  return { ...(await submitted(root)).line, opened }
}

const entries = [...(await parsed(`${base}/formList`)).getElementsByTagName('xform')]
for (const entry of entries.filter((each) => named(each, 'formID') in wanted)) {
  const id = named(entry, 'formID')
  let form
  for (const seed of wanted[id]) {
    const line = { form: id, seed }
    try {
      form ??= await opened(entry)
      Object.assign(line, await (typeof seed === 'number' ? record(form, seed) : answered(form, seed)))
    } catch (error) {
      line.failed = `${error?.stack ?? error}`
    }
    process.stdout.write(`${JSON.stringify(line)}\n`)
  }
}
