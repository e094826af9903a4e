/** How to send each operation's example: with curl, from a mini program, from a backend. */

import { FORM, type Operation } from './operation'

/** One entry of `x-codeSamples`, an extension that Redoc knows as well. */
export interface Sample {
  readonly lang: 'Shell' | 'JavaScript'
  readonly label: 'curl' | 'wx.request' | 'fetch'
  readonly source: string
}

/**
 * A service key must not be on a phone, and only WeChat calls the push URL: their operations have no
 * sample for a mini program.
 */
export function toSamples(operation: Operation<string, string>, base: string): Sample[] {
  const url = toUrl(operation, base)
  const samples: Sample[] = [{ lang: 'Shell', label: 'curl', source: toCurl(operation, url) }]
  if (operation.tag === 'Backend') {
    samples.push({ lang: 'JavaScript', label: 'fetch', source: toFetch(operation, url) })
  } else if (operation.tag !== 'WeChat') {
    samples.push({ lang: 'JavaScript', label: 'wx.request', source: toWxRequest(operation, url) })
  }
  return samples
}

const SECRETS = {
  anyone: null,
  session: '$TOKEN',
  service: '$SERVICE_KEY',
  oauth: '$SERVICE_KEY',
  gateway: '$TOKEN',
} as const

function toCurl(operation: Operation<string, string>, url: string): string {
  const { method, body, caller } = operation
  const secret = SECRETS[caller]
  const isDefaultMethod = method === 'get' || body !== undefined
  const lines = [
    `curl ${isDefaultMethod ? '' : `-X ${method.toUpperCase()} `}${toShell(url)}`,
    ...(secret ? [`-H "Authorization: Bearer ${secret}"`] : []),
    ...(caller === 'gateway' ? ['-H "X-Service-Key: $GATEWAY_KEY"'] : []),
    ...(body ? toCurlBody(body) : []),
  ]
  return lines.join(' \\\n  ')
}

function toCurlBody({ type, example }: NonNullable<Operation<string, string>['body']>): string[] {
  if (type !== FORM) return [`--json ${toShell(JSON.stringify(example))}`]
  const fields = Object.entries(example as Record<string, string>)
  return fields.map(([name, value]) => `--data-urlencode ${toShell(`${name}=${value}`)}`)
}

function toWxRequest(operation: Operation<string, string>, url: string): string {
  const { method, body, caller } = operation
  return [
    'wx.request({',
    `  url: ${toLiteral(url)},`,
    ...(method === 'get' ? [] : [`  method: '${method.toUpperCase()}',`]),
    ...(caller === 'session' ? ["  header: { Authorization: 'Bearer ' + token },"] : []),
    ...(body ? [`  data: ${toLiteral(body.example, '  ')},`] : []),
    '  success: ({ statusCode, data }) => console.log(statusCode, data),',
    '  fail: ({ errMsg }) => console.error(errMsg),',
    '})',
  ].join('\n')
}

const SERVICE_KEY = 'process.env.SERVICE_KEY'

function toFetch(operation: Operation<string, string>, url: string): string {
  const { method, body, caller, success } = operation
  const isForm = body?.type === FORM
  const isGateway = caller === 'gateway'
  const headers = [
    ...(SECRETS[caller] ? [`Authorization: 'Bearer ' + ${isGateway ? 'token' : SERVICE_KEY}`] : []),
    ...(isGateway ? ["'X-Service-Key': process.env.GATEWAY_KEY"] : []),
    ...(body && !isForm ? [`'Content-Type': 'application/json'`] : []),
  ]
  const literal = body && toLiteral(body.example, '  ')
  const wrapper = isForm ? 'new URLSearchParams' : 'JSON.stringify'
  return [
    `const response = await fetch(${toLiteral(url)}, {`,
    `  method: '${method.toUpperCase()}',`,
    ...(headers.length > 0 ? [`  headers: { ${headers.join(', ')} },`] : []),
    ...(literal ? [`  body: ${wrapper}(${literal}),`] : []),
    '})',
    `console.log(response.status${success[200]?.content ? ', await response.json()' : ''})`,
  ].join('\n')
}

/** The URL with the examples of its parameters. */
function toUrl({ path, parameters = [] }: Operation<string, string>, base: string): string {
  const url = new URL(path, base)
  url.pathname = path.replace(/\{(\w+)\}/g, (_, name) => {
    return parameters.find((parameter) => parameter.name === name)?.example ?? ''
  })
  for (const parameter of parameters) {
    if (parameter.in === 'query') url.searchParams.set(parameter.name, parameter.example)
  }
  return url.href
}

/** A word of a shell command, quoted if it has to be. */
function toShell(word: string): string {
  return /^[\w:/.-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** A value as JavaScript in this project's style. */
function toLiteral(value: unknown, indent = ''): string {
  if (typeof value === 'string') return toStringLiteral(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).map(
    ([name, field]) => `${name}: ${toLiteral(field, `${indent}  `)}`,
  )
  const line = `{ ${fields.join(', ')} }`
  if (line.length <= 60) return line
  return `{\n${fields.map((field) => `${indent}  ${field},\n`).join('')}${indent}}`
}

function toStringLiteral(text: string): string {
  return text.includes("'") ? JSON.stringify(text) : `'${text.replaceAll('\\', '\\\\')}'`
}
