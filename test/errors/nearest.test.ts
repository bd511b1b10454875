import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from '../../src/errors/nearest.ts';

describe('what was most likely meant', () => {
  it.each([
    ['stauts', 'status', 'two letters exchanged'],
    ['pric', 'price', 'one too few'],
    ['pricee', 'price', 'one too many'],
    ['prise', 'price', 'one for another'],
    ['PRICE', 'price', 'the case of letters'],
    ['avtionable', 'actionable', 'one of many'],
  ])('%s: %s (%s)', (wrong, meant) => {
    expect(nearest(wrong, ['status', 'price', 'actionable'])).toBe(meant);
  });

  it('the nearest of several, and nothing where none is near', () => {
    expect(nearest('crat', ['chart', 'cart', 'carton'])).toBe('cart');
    expect(nearest('a', ['b'])).toBeUndefined();
    expect(nearest('order', ['parcel', 'price'])).toBeUndefined();
    expect(nearest('x', [])).toBeUndefined();
    expect(didYouMean('pric', ['price'])).toBe('; did you mean `price`?');
    expect(didYouMean('zzz', ['price'])).toBe('');
  });
});
