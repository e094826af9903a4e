/** Shows openapi.json, or with ?pay openapi-pay.json: no framework, nothing from elsewhere. */

const IS_PAY = new URLSearchParams(location.search).has('pay')
const FILE = IS_PAY ? 'openapi-pay.json' : 'openapi.json'
const api = await (await fetch(FILE)).json()
const [server] = api.servers
/** The page's own words in Chinese, by those in English. The texts of the API stay in English. */
const CHINESE = new Map(
  Object.entries({
    'Base URL': '基础 URL',
    login: '登录',
    payments: '支付',
    'For tools': '供工具使用',
    Contents: '目录',
    Errors: '错误',
    Request: '请求',
    Response: '响应',
    'When: ': '何时出现：',
    'What to do: ': '怎么处理：',
    'An error is `application/problem+json` with these fields (RFC 9457).':
      '错误的格式是 `application/problem+json`，字段如下（RFC 9457）。',
    'string, always ': 'string，固定为 ',
    'string: ': 'string：',
    'string, ISO 8601 in UTC': 'string，ISO 8601，UTC 时间',
    'any JSON': '任意 JSON',
    ' or ': ' 或 ',
    ', not empty': '，非空',
    ', optional': '，可选',
    ', in the path': '，在路径中',
    ', in the query': '，在查询参数中',
    ', in the header': '，在请求头中',
  }),
)
const isChinese = /^zh\b/i.test(navigator.language)
const BASE_URL = new URL(server.url, location.href).href.replace(/\/$/, '')

/** A word of the page in the language of the browser. */
function say(word) {
  return (isChinese && CHINESE.get(word)) || word
}

/** An element with children and attributes; nothing is ever parsed as HTML. */
function element(name, attributes, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children.filter((child) => child !== null))
  return made
}

/** Text in which `code` stands between backticks, as Markdown has it. */
function prose(text) {
  const parts = text.split('`')
  return parts.map((part, index) => (index % 2 === 1 ? element('code', {}, part) : part))
}

function paragraph(text, attributes = {}) {
  return element('p', attributes, ...prose(text))
}

function sample(value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  return element('pre', { tabindex: '0' }, text)
}

/** What a `$ref` points at, or the value itself. */
function resolve(value) {
  if (!value.$ref) return value
  return value.$ref
    .split('/')
    .slice(1)
    .reduce((at, key) => at[key], api)
}

/** The type of a field in words. */
function typeText(schema) {
  const {
    const: constant,
    enum: values,
    format,
    contentEncoding,
    items,
    additionalProperties,
  } = schema
  if (constant !== undefined) return say('string, always ') + JSON.stringify(constant)
  if (values && values.length <= 5) return say('string: ') + values.join(', ')
  if (format === 'date-time') return say('string, ISO 8601 in UTC')
  if (contentEncoding) return `string, ${contentEncoding}`
  const types = [schema.type ?? say('any JSON')].flat().join(say(' or '))
  if (items) return isChinese ? `array，元素为 ${typeText(items)}` : `array of ${typeText(items)}s`
  if (additionalProperties) {
    const [of, strings] = isChinese ? ['object，值为 ', 'string'] : ['object of ', 'strings']
    return of + lengthText(strings, additionalProperties)
  }
  return lengthText(types, schema)
}

function lengthText(types, { minLength, maxLength }) {
  if (maxLength !== undefined) {
    const [from, to] = [minLength ?? 0, maxLength]
    return isChinese ? `${types}，${from} 至 ${to} 个字符` : `${types}, ${from} to ${to} characters`
  }
  return types + (minLength ? say(', not empty') : '')
}

/** A field or parameter with its type in words. */
function field(name, type, description) {
  const title = element('code', { class: 'name' }, name)
  return element(
    'li',
    {},
    element('div', {}, title, ' ', element('span', { class: 'type' }, type)),
    description ? paragraph(description) : null,
  )
}

/** The fields of a schema; those of a list's entries follow as `list[].field`. */
function fields({ properties = {}, required = [] }, prefix = '') {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const type = typeText(schema) + (required.includes(name) ? '' : say(', optional'))
    const inList = fields(schema.items ?? {}, `${prefix}${name}[].`)
    return [field(prefix + name, type, schema.description), ...inList]
  })
}

function fieldList(schema) {
  const { properties, description } = resolve(schema)
  if (properties) return element('ul', { class: 'fields' }, ...fields(resolve(schema)))
  return description ? paragraph(description) : null
}

function bodies(contents) {
  return Object.entries(contents).flatMap(([type, { schema, example }]) => [
    element('p', { class: 'media' }, element('code', {}, type)),
    fieldList(schema),
    example === undefined ? null : sample(example),
  ])
}

function request({ security, parameters, requestBody }) {
  const schemes = security
    .flatMap((requirement) => Object.keys(requirement))
    .map((name) => api.components.securitySchemes[name])
    .map(({ scheme, name, description }) => {
      const header = name ?? `Authorization: ${scheme === 'basic' ? 'Basic' : 'Bearer'}`
      return paragraph(`\`${header}\`: ${description}`)
    })
  const parameterItems = (parameters ?? []).map(({ name, in: place, schema, description }) =>
    field(name, typeText(schema) + say(`, in the ${place}`), description),
  )
  const parts = [
    ...schemes,
    parameterItems.length > 0 ? element('ul', { class: 'fields' }, ...parameterItems) : null,
    ...(requestBody ? bodies(requestBody.content) : []),
  ].filter((part) => part !== null)
  return parts.length > 0 ? [element('h4', {}, say('Request')), ...parts] : []
}

function success(responses) {
  const [status] = Object.keys(responses)
  const { description, headers = {}, content = {} } = responses[status]
  const items = Object.entries(headers).map(([name, { schema, description }]) =>
    field(name, typeText(schema), description),
  )
  return [
    element('h4', {}, `${say('Response')} ${status}`),
    paragraph(`${description}.`),
    items.length > 0 ? element('ul', { class: 'fields' }, ...items) : null,
    ...bodies(content),
  ]
}

/** The error codes of an operation, each with a link to its entry below, or what stands for them. */
function errors(responses) {
  const items = Object.entries(responses).flatMap(([status, { content = {}, description }]) => {
    if (status < 400) return []
    const codes = Object.keys(content['application/problem+json']?.examples ?? {})
    if (codes.length === 0) return [element('li', {}, `${status} `, ...prose(description))]
    return codes.map((code) => {
      const link = element('a', { href: `#error-${code}` }, element('code', {}, code))
      return element('li', {}, `${status} `, link)
    })
  })
  if (items.length === 0) return []
  return [element('h4', {}, say('Errors')), element('ul', { class: 'errors' }, ...items)]
}

function samples(details) {
  return (details['x-codeSamples'] ?? []).flatMap(({ label, source }) => [
    element('h4', {}, label),
    sample(source.replaceAll(server['x-sample-base'] ?? server.url, BASE_URL)),
  ])
}

function operation(path, method, details) {
  const { summary, description, responses, operationId } = details
  const heading = element(
    'h3',
    {},
    element('b', { class: method }, method.toUpperCase()),
    ' ',
    element('code', {}, path),
  )
  return element(
    'details',
    { id: operationId },
    element('summary', {}, heading, ' ', element('span', {}, summary)),
    description ? paragraph(description) : null,
    ...request(details),
    ...success(responses),
    ...errors(responses),
    ...samples(details),
  )
}

/** One error: when it occurs, and what to do. */
function errorEntry([code, { description, value }]) {
  const whatToDo = api.components.schemas.Problem.properties.action['x-enumDescriptions']
  return element(
    'article',
    { id: `error-${code}` },
    element(
      'header',
      {},
      element('h3', {}, element('code', {}, code)),
      element('p', { class: 'meta' }, `${value.status} ${value.action}`),
    ),
    element(
      'div',
      {},
      element('p', {}, element('b', {}, say('When: ')), ...prose(description)),
      element('p', {}, element('b', {}, say('What to do: ')), ...prose(whatToDo[value.action])),
    ),
  )
}

function tagId(name) {
  return `tag-${name.toLowerCase().replaceAll(' ', '-')}`
}

function tag({ name, description }) {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, details]) => details.tags.includes(name))
      .map(([method, details]) => operation(path, method, details)),
  )
  return [element('h2', { id: tagId(name) }, name), paragraph(description), ...operations]
}

/** Opens the operation that the address names; the browser shows no more than its summary. */
function openTarget() {
  const target = document.getElementById(location.hash.slice(1))
  if (!target) return
  if (target.matches('details')) target.open = true
  target.scrollIntoView()
}

function show(id, ...children) {
  document.getElementById(id).append(...children)
}

for (const own of document.querySelectorAll('dt, #apis a, #errors')) {
  own.textContent = say(own.textContent)
}
const contents = document.getElementById('contents')
contents.ariaLabel = say(contents.ariaLabel)
document.title = `${api.info.title} API`
document.querySelector('h1').textContent = document.title
document.querySelector(IS_PAY ? '#apis a:last-child' : '#apis a').ariaCurrent = 'page'
document.getElementById('file').replaceWith(element('a', { href: FILE }, FILE))
show('about', ...prose(api.info.description))
show('base', BASE_URL)
show('operations', ...api.tags.flatMap(tag))
show(
  'contents',
  ...[...api.tags.map(({ name }) => [name, tagId(name)]), [say('Errors'), 'errors']].map(
    ([name, id]) => element('a', { href: `#${id}` }, name),
  ),
)
show(
  'about-errors',
  ...prose(say('An error is `application/problem+json` with these fields (RFC 9457).')),
)
show('problem', fieldList(api.components.schemas.Problem))
show('codes', ...Object.entries(api.components.examples).map(errorEntry))
document.querySelector('main').removeAttribute('aria-busy')
addEventListener('hashchange', openTarget)
openTarget()
