import { GatewayRefusal } from '../api/biz.ts';
import type { Method, MethodAnswer } from '../api/method.ts';
import type { Call } from '../trade/orders.ts';
import { createSeller, modifySeller, queryOrder, queryOrders } from './applications.ts';
import { settleConfirm } from './confirm.ts';
import { uploadImage } from './images.ts';

/** Direct payment: a platform's sellers, and the confirmation that frees their money. */
const GROUP = 'Direct payment';
const DOC = 'https://opendocs.alipay.com/solution';
const V3 = '/v3/ant/merchant/expand';

/** Calls outside of payments have the code without the prefix of payments. */
function outside(run: (call: Call) => MethodAnswer): Method['run'] {
  return (call) => {
    try {
      return run(call);
    } catch (error) {
      if (error instanceof GatewayRefusal && error.sub_code === 'ACQ.INVALID_PARAMETER') {
        throw new GatewayRefusal('INVALID_PARAMETER', error.message);
      }
      throw error;
    }
  };
}

const REVIEW =
  'Decided after a minute of business time: passed, unless the name begins with 拒; or by an action.';

export const DIRECT_METHODS: readonly Method[] = [
  {
    call: 'ant.merchant.expand.indirect.zft.create',
    v3: `POST ${V3}/indirect/zft/create`,
    group: GROUP,
    doc: `${DOC}/ff926f54_ant.merchant.expand.indirect.zft.create`,
    differs: REVIEW,
    run: outside(createSeller),
  },
  {
    call: 'ant.merchant.expand.indirect.zft.modify',
    v3: `POST ${V3}/indirect/zft/modify`,
    group: GROUP,
    doc: `${DOC}/ed9060c2_ant.merchant.expand.indirect.zft.modify`,
    differs: REVIEW,
    run: outside(modifySeller),
  },
  {
    call: 'ant.merchant.expand.indirect.zftorder.query',
    v3: `POST ${V3}/indirect/zftorder/query`,
    group: GROUP,
    doc: `${DOC}/dfebf71b_ant.merchant.expand.indirect.zftorder.query`,
    run: outside(queryOrders),
  },
  {
    call: 'ant.merchant.expand.order.query',
    v3: `POST ${V3}/order/query`,
    group: GROUP,
    doc: 'https://opendocs.alipay.com/apis/api_1/ant.merchant.expand.order.query',
    run: outside(queryOrder),
  },
  {
    call: 'ant.merchant.expand.indirect.image.upload',
    v3: `POST ${V3}/indirect/image/upload`,
    group: GROUP,
    doc: `${DOC}/d0814d9c_ant.merchant.expand.indirect.image.upload`,
    differs: 'Of the picture only its digest is kept.',
    run: outside(uploadImage),
  },
  {
    call: 'alipay.trade.settle.confirm',
    v3: 'POST /v3/alipay/trade/settle/confirm',
    group: GROUP,
    doc: `${DOC}/5cd4703e_alipay.trade.settle.confirm`,
    run: settleConfirm,
  },
];
