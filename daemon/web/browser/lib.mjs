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

export async function open(options = {}) {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync', '--mute-audio'],
  })
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: wide, acceptDownloads: true, ...options })
  context.setDefaultTimeout(20_000)
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

// judge looks at a page wide and narrow, by its width and with axe, and takes its picture. Axe
// looks at the wide page, and at the narrow one too if that is laid out another way.
const judged = new Set()
export async function judge(page, name, { scripted = true, stacked = false } = {}) {
  assert.ok(!judged.has(name), name)
  judged.add(name)
  for (const size of [narrow, wide]) {
    await page.setViewportSize(size)
    await page.waitForTimeout(250) // for the pictures only: a waveform is drawn anew a moment after
    await page.screenshot({ path: path.join(shots, `${name}-${size.width}.png`), fullPage: true })
    if (!scripted) continue
    const [scroll, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
    assert.ok(scroll <= inner, `${name}: ${scroll} px wide in a window of ${inner}`)
    const [main, head] = await page.evaluate(() => ['main', '.govuk-generic-header__container'].map((s) => document.querySelector(s).getBoundingClientRect().width))
    assert.equal(main, head, `${name}: the page is as wide as its header`)
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
