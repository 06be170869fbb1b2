// What every browser test needs: a browser, and a judge of pages.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import readline from 'node:readline'
import assert from 'node:assert/strict'

const require = createRequire(new URL('../assets/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

export const url = process.env.LINEVAULT_URL
const shots = process.env.LINEVAULT_SHOTS
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
export const wide = { width: 1280, height: 900 }
const narrow = { width: 320, height: 640 }
const patience = 180_000 // ms; how slow a machine may be before that counts as a fault

export async function open(options = {}) {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium', timeout: patience,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync', '--mute-audio'],
  })
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: wide, acceptDownloads: true, ...options })
  context.setDefaultTimeout(patience)
  const page = await context.newPage()
  listen(page)
  return { browser, context, page }
}

// Nothing may be complained about on the console: a violation of the content security policy
// appears there, too. An answer that is meant to be an error is announced with expect.
const complaints = []
let expected = 0
function listen(page) {
  page.on('pageerror', (e) => complaints.push(`${page.url()}: ${e.stack}`))
  page.on('console', (m) => {
    if (m.type() !== 'error' && m.type() !== 'warning') return
    if (expected > 0 && /status of [45]\d\d/.test(m.text())) { expected--; return }
    complaints.push(`${page.url()}: ${m.type()}: ${m.text()}`)
  })
}
export const expectRefusal = () => { expected++ }
export const quiet = () => assert.deepEqual(complaints, [], 'the console must stay quiet')

// says waits until what is read is as wanted: a page that was just asked for may not be there yet, or not all of it.
export async function says(read, wanted) {
  const as = (got) => (wanted instanceof RegExp ? typeof got === 'string' && wanted.test(got) : got === wanted)
  for (const end = Date.now() + patience; ;) {
    const got = await read().catch((e) => e) // another page takes the place of the one that was read
    if (as(got)) return
    if (Date.now() > end) assert.fail(`it says ${got instanceof Error ? got.stack : JSON.stringify(got)}, not ${wanted}`)
    await new Promise((later) => setTimeout(later, 50))
  }
}

// judge looks at a page wide and narrow, by its width and with axe, and takes its picture. Axe
// looks at the wide page, and at the narrow one too if that is laid out another way.
const judged = new Set()
export async function judge(page, name, { scripted = true, stacked = false } = {}) {
  assert.ok(!judged.has(name), name)
  judged.add(name)
  await page.waitForLoadState() // with its style
  for (const size of [narrow, wide]) {
    await page.setViewportSize(size)
    await page.waitForTimeout(250) // for the pictures only: a waveform is drawn anew a moment after
    await page.screenshot({ path: path.join(shots, `${name}-${size.width}.png`), fullPage: true })
    if (!scripted) continue
    // A picture that a script draws is made narrower a moment after the page.
    await says(() => page.evaluate((want) => {
      const wide = (s) => document.querySelector(s).getBoundingClientRect().width
      const [scroll, inner, main, head] = [document.documentElement.scrollWidth, window.innerWidth, wide('main'), wide('.govuk-generic-header__container')]
      if (inner !== want || scroll > inner) return `${scroll} px wide in a window of ${inner}, of ${want}`
      return main === head ? 'as wide as it should be' : `main ${main} px wide, and its header ${head}`
    }, size.width), 'as wide as it should be')
    if (size === wide || stacked) await runAxe(page, `${name} at ${size.width} px`)
  }
  console.log(`judged ${name}`)
}

async function runAxe(page, where) {
  quiet()
  await page.evaluate(`${axe}; undefined`)
  const found = await page.evaluate((t) => window.axe.run(document, { runOnly: { type: 'tag', values: t } }), tags)
  // Axe itself copies the style sheets of shadow trees, which the page's policy refuses.
  complaints.splice(0, complaints.length, ...complaints.filter((c) => !c.includes('Applying inline style')))
  const said = found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 200)).join(' | ')}`)
  assert.deepEqual(said, [], `${where}: what axe found`)
  assert.ok(found.passes.length > 10, `${where}: axe looked at something`)
}

// ask has the Go side do something, and waits until it is done.
const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]()
export async function ask(what) {
  console.log(`ask ${what}`)
  const { value } = await answers.next()
  return value
}

export function done() {
  quiet()
  console.log('done')
  process.exit(0)
}

export { assert }
