/** A backend that asks the login Worker over RPC whose token a request has. */

interface Env {
  readonly LOGIN: { verify(token: string): Promise<{ ok: boolean }> }
}

export default {
  async fetch(request, env) {
    const token = request.headers.get('Authorization')?.slice('Bearer '.length) ?? ''
    const outcome = await env.LOGIN.verify(token)
    return Response.json(outcome, { status: outcome.ok ? 200 : 401 })
  },
} satisfies ExportedHandler<Env>
