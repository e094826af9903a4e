/** The bare Worker in a bundle with the whole Worker, which is not evaluated. */

export { default, LoginService } from './bare'
export const loaded = { load: () => import('../../../src/workers/login-worker') }
