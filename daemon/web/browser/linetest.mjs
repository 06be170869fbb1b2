// A line is tested by an engineer: the page follows what the box sees, a fault is told with advice, a
// step is left out, and a certificate can be read and printed. Then once more without JavaScript.
import { open, judge, ask, done, says, url, assert, expectRefusal, quiet } from './lib.mjs'

const signIn = async (page) => {
  await page.goto(`${url}/sign-in`)
  await page.fill('#name', 'Emrys Pugh')
  await page.fill('#password', process.env.LINEVAULT_PASSWORD)
  await page.click('button:has-text("Sign in")')
  await page.waitForURL('**/lines')
}
const now = (page, words) => page.waitForFunction((w) => document.querySelector('#now')?.textContent.includes(w), words)

const { browser, page } = await open()
await signIn(page)
assert.equal(await page.locator('nav >> text=Calls').count(), 0, 'an engineer sees no calls')
await ask('test ready')
await page.click('[data-line="repairs"] >> text=Test')
await says(() => page.textContent('main'), /This line has not been tested yet/)
await judge(page, 'linetest-begin')
await page.fill('#number', '07700 900123')
await page.click('text=Begin the test')
await now(page, 'Signal seen')
await page.waitForFunction(() => /^Step 2: Ring this line now/.test(document.querySelector('[data-test-note]').textContent))
await judge(page, 'linetest-ring', { stacked: true })
await ask('test ring')
await now(page, 'Council side heard')
await page.focus('#reason')
await page.keyboard.type('half a rea')
await ask('test near')
await now(page, 'Other side heard')
await says(() => page.evaluate(() => document.activeElement.id), 'now') // the focus stays with the step
await ask('test far')
await page.click('text=It does not work: go on')
await now(page, 'Right way round')
await says(() => page.textContent('[data-test-steps]'), /To mend: Nobody is heard on the other side, channel 2 of card rear/)
await judge(page, 'linetest-fault', { stacked: true })
// An answer that is late tells what was, and must not take the place of a newer one.
let first = true
let asked, late
const isAsked = new Promise((f) => { asked = f })
const isLate = new Promise((f) => { late = f })
await page.route('**/lines/repairs/test', async (route) => {
  if (!first) return route.continue()
  first = false
  const answer = await route.fetch()
  asked()
  await page.waitForTimeout(4000)
  await route.fulfill({ response: answer })
  late()
})
await ask('test keys')
await isAsked
await ask('test pause')
await isLate
await page.waitForTimeout(500) // for the late one to do harm
await now(page, 'Resume seen')
await page.unroute('**/lines/repairs/test')
await ask('test resume')
await now(page, 'End seen')
expectRefusal()
await page.click('text=Leave this step out')
await says(() => page.textContent('.govuk-error-summary'), /Say why this step is left out/)
await judge(page, 'linetest-error')
await page.fill('#reason', 'the caller stays on the line')
await page.click('text=Leave this step out')
await page.waitForSelector('text=The test is over')
await judge(page, 'linetest-over', { stacked: true })
await page.click('text=Read and print the certificate')
await says(() => page.textContent('h1'), /^Commissioning certificate of line Housing repairs$/)
const paper = await page.textContent('main')
for (const words of [/Result: Failed/, /Tested byEmrys Pugh/, /card rear \(analogue\), channel 1, channel 2/, /Left out: the caller stays on the line/]) {
  assert.match(paper.replace(/\s*\n\s*/g, ''), words)
}
assert.doesNotMatch(paper, /900123/)
await judge(page, 'line-certificate', { stacked: true })
await page.emulateMedia({ media: 'print' })
await says(() => page.locator('.lv-signatures').isVisible(), true)
assert.ok(!await page.locator('text=Download as text').isVisible())
await page.emulateMedia({ media: 'screen' })
const [file] = await Promise.all([page.waitForEvent('download'), page.click('text=Download as text')])
assert.match(file.suggestedFilename(), /^line-test-repairs-/)
await page.goto(`${url}/lines/repairs/test`)
await page.click('text=Close this test')
await page.waitForSelector('text=Begin the test')
await says(() => page.locator('.lv-certificates li').count(), 1)
quiet()

// Without JavaScript.
const plain = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false, viewport: { width: 320, height: 640 } })
const still = await plain.newPage()
await signIn(still)
await ask('test ready')
await still.goto(`${url}/lines/repairs/test`)
await still.click('text=Begin the test')
for (let tries = 0; !/Step 2 of 11/.test(await still.textContent('main')); tries++) {
  assert.ok(tries < 500, 'the page does not get on')
  await still.waitForTimeout(200)
  await still.click('text=Refresh this page')
}
await judge(still, 'plain-linetest', { scripted: false })
await still.click('text=Give this test up')
await says(() => still.textContent('main'), /Begin the test/)
done()
