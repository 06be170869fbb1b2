// The Lines page, live: meters ten times a second, words once a second.
const textEvery = 1000

export function watchLines(table) {
  const rows = new Map([...table.querySelectorAll('[data-line]')].map((row) => [row.dataset.line, row]))
  const note = document.querySelector('[data-live-note]')
  const stream = new EventSource(table.dataset.stream)
  let spoken = 0
  stream.addEventListener('levels', (event) => {
    const now = Date.now()
    const words = now - spoken >= textEvery
    if (words) spoken = now
    for (const [line, levels] of Object.entries(JSON.parse(event.data))) {
      showLevels(rows.get(line), levels, words)
    }
  })
  stream.addEventListener('state', (event) => {
    const lines = JSON.parse(event.data)
    for (const line of lines) showState(rows.get(line.id), line)
    if (lines.length !== rows.size || lines.some((line) => !rows.has(line.id))) {
      note.textContent = 'The list of lines has changed. Refresh this page to see it.'
    }
  })
  stream.addEventListener('note', (event) => { note.textContent = JSON.parse(event.data) })
  stream.addEventListener('bye', () => {
    stream.close()
    note.textContent = 'You have been signed out. Sign in again to see the lines live.'
  })
  stream.addEventListener('error', () => {
    if (stream.readyState === EventSource.CLOSED) {
      note.textContent = 'This page is no longer live. Refresh it to go on.'
    } else {
      note.textContent = 'The connection was lost. Trying again…'
    }
  })
}

function showLevels(row, levels, words) {
  if (!row) return
  row.querySelectorAll('[data-leg]').forEach((leg, i) => {
    const level = levels?.[i]
    const meter = leg.querySelector('meter')
    meter.value = level === undefined ? meter.min : level
    if (words) leg.querySelector('[data-level]').textContent = level === undefined ? 'no level' : `${Math.round(level)} dB`
  })
}

function showState(row, line) {
  if (!row) return
  const tag = row.querySelector('[data-state]')
  if (tag.textContent !== line.state) {
    tag.textContent = line.state
    tag.className = line.tag
  }
  for (const [name, text] of Object.entries({ since: line.since, paused: line.paused, problem: line.problem })) {
    const cell = row.querySelector(`[data-${name}]`)
    if (cell.textContent !== text) cell.textContent = text
    cell.closest('td').classList.toggle('lv-empty', text === '' && name !== 'problem')
  }
}
