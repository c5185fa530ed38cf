// Works @bitrix24/b24jssdk as it is on npm: one order a line in, one answer a line out, both JSON.
// The first line is the webhook.
import { createInterface } from 'node:readline'
import { B24Hook } from '@bitrix24/b24jssdk'

const calls = {
  call: (b24, { method, params }) => b24.actions.v2.call.make({ method, params }),
  callList: (b24, { method, params }) => b24.actions.v2.callList.make({ method, params }),
  batch: (b24, { calls, halt }) =>
    b24.actions.v2.batch.make({ calls, options: { isHaltOnError: halt ?? true } }),
  batchByChunk: (b24, { calls, halt }) =>
    b24.actions.v2.batchByChunk.make({ calls, options: { isHaltOnError: halt ?? true } }),
}

async function fetched(b24, { method, params }) {
  const pages = []
  for await (const page of b24.actions.v2.fetchList.make({ method, params })) pages.push(page)
  return pages
}

async function answer(b24, order) {
  if (order.call === 'fetchList') return { result: await fetched(b24, order) }
  const answered = await calls[order.call](b24, order)
  if (!answered.isSuccess) {
    return { error: 'unsuccessful', text: answered.getErrorMessages().join('; ') }
  }
  if (order.call !== 'call') return { result: answered.getData() }
  const { result } = answered.getData()
  return { result: { result, total: answered.getTotal(), isMore: answered.isMore() } }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const b24 = B24Hook.fromWebhookUrl((await lines.next()).value)
for await (const line of lines) {
  const told = await answer(b24, JSON.parse(line)).catch((error) => ({
    error: error.code ?? error.name,
    text: error.message,
  }))
  process.stdout.write(`${JSON.stringify(told)}\n`)
}
