/** Shows openapi.json: no framework, nothing from elsewhere. */

const api = await (await fetch('openapi.json')).json()

/** An element with text or children; nothing is ever parsed as HTML. */
function element(name, ...children) {
  const made = document.createElement(name)
  made.append(...children.filter((child) => child !== null))
  return made
}

function sample(value) {
  return element('pre', typeof value === 'string' ? value : JSON.stringify(value, null, 2))
}

function schemaOf({ schema }) {
  const name = schema.$ref?.split('/').at(-1)
  return name ? api.components.schemas[name] : schema
}

function fields(content) {
  const { properties = {}, required = [] } = schemaOf(content)
  const rows = Object.entries(properties).map(([name, { type, description = '' }]) => {
    const kind = [type].flat().filter(Boolean).join(' or ')
    const note = [required.includes(name) ? '' : 'optional', description].filter(Boolean).join('. ')
    return element(
      'tr',
      element('td', element('code', name)),
      element('td', kind),
      element('td', note),
    )
  })
  return rows.length > 0 ? element('table', element('tbody', ...rows)) : null
}

function body(title, contents) {
  return Object.entries(contents ?? {}).flatMap(([type, content]) => [
    element('h3', `${title}, ${type}`),
    fields(content),
    content.example === undefined ? null : sample(content.example),
  ])
}

function problems(responses) {
  const rows = Object.entries(responses).flatMap(([status, { content = {} }]) =>
    Object.keys(content['application/problem+json']?.examples ?? {}).map((code) =>
      element('tr', element('td', status), element('td', element('code', code))),
    ),
  )
  const list = element('table', element('tbody', ...rows))
  return rows.length > 0 ? [element('h3', 'Errors'), list] : []
}

function operation(path, method, details) {
  const { summary, description = '', requestBody, responses, security, operationId } = details
  const [status] = Object.keys(responses)
  const success = responses[status]
  const caller = security.flatMap((scheme) => Object.keys(scheme))[0]
  const bearer = { session: 'a session token', service: 'a service key' }[caller]
  const made = element(
    'details',
    element(
      'summary',
      element('b', method.toUpperCase()),
      element('code', path),
      element('span', summary),
    ),
    description ? element('p', description) : null,
    bearer ? element('p', `Authorization: Bearer, ${bearer}`) : null,
    ...body('Request', requestBody?.content),
    ...(success.content
      ? body(`Answer ${status}`, success.content)
      : [element('h3', `Answer ${status}`), element('p', success.description)]),
    ...problems(responses),
  )
  made.id = operationId
  return made
}

function codes() {
  const seen = new Map()
  for (const operations of Object.values(api.paths)) {
    for (const { responses } of Object.values(operations)) {
      for (const { content = {} } of Object.values(responses)) {
        const examples = content['application/problem+json']?.examples ?? {}
        for (const [code, { value }] of Object.entries(examples)) seen.set(code, value)
      }
    }
  }
  return api.components.schemas.Problem.properties.code.enum
    .filter((code) => seen.has(code))
    .map((code) => {
      const { status, action, title } = seen.get(code)
      const cells = [element('code', code), String(status), action, title]
      return element('tr', ...cells.map((cell) => element('td', cell)))
    })
}

document.querySelector('#about').textContent = api.info.description
document.querySelector('#codes').append(...codes())
const place = document.querySelector('#operations')
for (const { name, description } of api.tags) {
  place.append(element('h2', name), element('p', description))
  for (const [path, operations] of Object.entries(api.paths)) {
    for (const [method, details] of Object.entries(operations)) {
      if (details.tags.includes(name)) place.append(operation(path, method, details))
    }
  }
}
place.removeAttribute('aria-busy')
