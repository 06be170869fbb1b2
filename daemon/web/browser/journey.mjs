// A supervisor's day: set up, sign in, watch the lines, find a call, say why, play it, seek
// in it, take it away, sign out.
import { readFileSync } from 'node:fs'
import { open, judge, ask, done, url, assert, expectRefusal, quiet } from './lib.mjs'

const { context, page } = await open()
const name = 'Asha Patel'
const password = process.env.LINEVAULT_PASSWORD
const title = () => page.title()

// Set-up, with the mistakes people make.
await page.goto(`${url}/`)
assert.match(await title(), /^Set up this recorder – /)
await judge(page, 'setup')
await page.fill('#code', 'AAAA-BBBB-CCCC')
await page.fill('#name', name)
await page.fill('#password', password)
expectRefusal()
await page.click('text=Make the account')
assert.match(await title(), /^Error: Set up/)
assert.equal(await page.evaluate(() => document.activeElement.className), 'govuk-error-summary')
await judge(page, 'setup-error', { stacked: true })
await page.click('.govuk-error-summary a')
assert.equal(await page.evaluate(() => document.activeElement.id), 'code')
await page.fill('#code', await ask('code'))
await page.fill('#password', 'short')
expectRefusal()
await page.click('text=Make the account')
assert.match(await page.textContent('#password-error'), /12 characters or more/)
await page.fill('#password', password)
await page.click('text=Make the account')
await page.waitForURL('**/calls')
assert.match(await page.textContent('main'), /No calls have been recorded yet/)
await judge(page, 'calls-none')

// Calls appear as they end, and are announced.
await ask('call')
await page.waitForSelector('[data-watch="calls"] a')
assert.match(await page.textContent('[data-watch="calls"]'), /^1 new call: show$/)
await judge(page, 'calls-new')
await ask('calls')
await page.click('[data-watch="calls"] a')
// A page may be a second behind what the recorder has committed.
for (let tries = 0; await page.locator('tbody tr').count() < 6; tries++) {
  assert.ok(tries < 50, 'the calls do not appear')
  await page.waitForTimeout(200)
  await page.goto(`${url}/calls`)
}

// Sign out and in again.
await page.click('text=Sign out')
assert.match(await page.textContent('main'), /You have signed out/)
await judge(page, 'sign-in')
await page.fill('#name', name)
await page.fill('#password', 'not the password')
expectRefusal()
await page.click('button:has-text("Sign in")')
assert.match(await page.textContent('.govuk-error-summary'), /user name or the password/)
await judge(page, 'sign-in-error')
await page.fill('#password', password)
await page.click('button:has-text("Sign in")')
await page.waitForURL('**/calls')
const [cookie] = await context.cookies()
assert.deepEqual([cookie.name, cookie.secure, cookie.httpOnly, cookie.sameSite], ['__Host-linevault', true, true, 'Strict'])
await judge(page, 'calls', { stacked: true })

// Lines, live.
await page.click('nav >> text=Lines')
await page.waitForFunction(() => document.querySelector('[data-live-note]').textContent.startsWith('Live'))
const level = () => page.evaluate(() => document.querySelector('[data-line="council-tax"] meter').value)
const first = await level()
await page.waitForFunction((was) => document.querySelector('[data-line="council-tax"] meter').value !== was, first)
await judge(page, 'lines', { stacked: true })
await ask('resume')
await page.waitForFunction(() => document.querySelector('[data-line="parking"] [data-state]').textContent === 'Recording')
assert.equal(await page.textContent('[data-line="parking"] [data-paused]'), '')

// Find a call.
await page.click('nav >> text=Calls')
await page.selectOption('#line', 'parking')
await page.fill('#number', '7946 0123')
await page.check('#paused')
await page.click('text=Find calls')
assert.match(await page.textContent('h2'), /^1 call$/)
await judge(page, 'calls-found')
await page.fill('#from', '31/2/2026')
expectRefusal()
await page.click('text=Find calls')
assert.match(await title(), /^Error: Calls/)
await judge(page, 'calls-error')
await page.fill('#from', '')
await page.fill('#number', '999999')
await page.click('text=Find calls')
assert.match(await page.textContent('main'), /No calls match/)
await judge(page, 'calls-no-match')
await page.click('text=Clear')

// One call: its picture, the purpose, the sound.
await page.click('tr:has-text("020 7946 0123") a')
await page.waitForSelector('[data-drawn="1"]')
assert.match(await page.textContent('.lv-gaps li'), /^0:18 to 0:27\.5 \(9\.5 seconds\): recording was paused, by terminal parking-1: card payment$/)
assert.equal(await page.locator('audio[data-player]').count(), 0)
await judge(page, 'call-before', { stacked: true })
expectRefusal()
await page.click('button:has-text("Listen")')
assert.match(await title(), /^Error: Call on/)
await page.waitForSelector('[data-drawn="1"]')
await judge(page, 'call-error')
await page.check('text=Complaint or dispute')
await page.fill('#reference', 'C-2026/117')
await page.click('button:has-text("Listen")')
await page.waitForURL('**/calls/*permit=*')
await page.waitForSelector('[data-drawn="1"]')
assert.match(await page.textContent('main'), /You are listening for: Complaint or dispute, reference C-2026\/117/)
await page.waitForFunction(() => document.querySelector('audio').readyState >= 1)
const sound = () => page.evaluate(() => {
  const a = document.querySelector('audio')
  return { at: a.currentTime, length: a.duration, paused: a.paused, source: a.currentSrc, rate: a.playbackRate, error: a.error?.message ?? '' }
})
assert.match((await sound()).source, /audio\.ogg/)
assert.ok(Math.abs((await sound()).length - 42) < 0.1, JSON.stringify(await sound()))
await judge(page, 'call', { stacked: true })
await page.evaluate(() => document.querySelector('audio').play())
await page.waitForFunction(() => document.querySelector('audio').currentTime > 0.5)

// Seeking: by the list, by the buttons, by the picture, by the player itself.
await page.click('.lv-gaps [data-seek]')
await page.waitForFunction(() => { const t = document.querySelector('audio').currentTime; return t >= 18 && t < 25 })
await page.click('text=Forward 10 seconds')
await page.waitForFunction(() => document.querySelector('audio').currentTime >= 28)
await page.click('text=Back 10 seconds')
await page.waitForFunction(() => document.querySelector('audio').currentTime < 28)
await page.selectOption('#speed', '2')
assert.equal((await sound()).rate, 2)
const picture = await page.locator('[data-peaks]').boundingBox()
await page.mouse.click(picture.x + picture.width * 0.1, picture.y + picture.height / 2)
await page.waitForFunction(() => { const t = document.querySelector('audio').currentTime; return t >= 3.5 && t < 12 })
await page.evaluate(() => { document.querySelector('audio').currentTime = 39.5 })
await page.waitForFunction(() => document.querySelector('audio').ended)
assert.equal((await sound()).error, '')

// Take it away.
for (const [button, magic, least] of [['Download as WAV', 'RIFF', 42 * 8000 * 4], ['Download as Ogg', 'OggS', 20_000]]) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click(`text=${button}`)])
  const data = readFileSync(await file.path())
  assert.equal(data.subarray(0, 4).toString('latin1'), magic)
  assert.ok(data.length >= least, `${button}: ${data.length} bytes`)
  assert.doesNotMatch(file.suggestedFilename(), /7946/)
}

// Calls that are not whole say so.
for (const [row, words, shot] of [
  ['07700 900123', /Part of this call is withheld/, 'call-withheld'],
  ['Desk 4', /nothing reached the recorder/, 'call-missing'],
  ['0113 496 0123', /demonstration call/, 'call-demo'],
]) {
  await page.goto(`${url}/calls`)
  await page.click(`tr:has-text("${row}") a`)
  await page.waitForSelector('[data-drawn]')
  assert.match(await page.textContent('main'), words)
  await judge(page, shot)
}

await page.click('nav >> text=Status')
assert.match(await page.textContent('main'), /Free space/)
await judge(page, 'status', { stacked: true })
await page.click('text=Accessibility statement')
await judge(page, 'accessibility')
expectRefusal()
await page.goto(`${url}/no/such/page`)
assert.match(await title(), /^Page not found/)
assert.ok(await page.locator('nav >> text=Calls').isVisible(), 'there is a way on')
await judge(page, 'not-found')
expectRefusal()
await page.goto(`${url}/calls/01ABCDEFGHJKMNPQRSTVWXYZ00`)
assert.match(await page.textContent('main'), /There is no call at this address/)
await page.click('text=Sign out')
await page.goto(`${url}/calls`)
assert.match(page.url(), /sign-in\?next=%2Fcalls$/)
quiet()
done()
