// The Calls page says, once and politely, when calls have ended since it was shown.
export function watchCalls(note) {
  const stream = new EventSource(note.dataset.stream)
  let shown = 0
  stream.addEventListener('calls', (event) => {
    const count = JSON.parse(event.data)
    if (count === shown || count === 0) return
    shown = count
    const words = count === 1 ? '1 new call' : `${count >= 50 ? '50 or more' : count} new calls`
    const show = document.createElement('a')
    show.className = 'govuk-link'
    show.href = note.dataset.newest
    show.textContent = 'show'
    note.replaceChildren(`${words}: `, show)
  })
  stream.addEventListener('bye', () => stream.close())
}
