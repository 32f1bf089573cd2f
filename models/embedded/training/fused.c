// fused CPU kernels of the training step, bfloat16 in and out where a tensor is an activation; called through ctypes
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t bf16;
typedef int64_t i64;

static inline float widen(bf16 x) { uint32_t u = (uint32_t)x << 16; float f; memcpy(&f, &u, 4); return f; }
static inline bf16 narrow(float f) { uint32_t u; memcpy(&u, &f, 4); u += 0x7fff + ((u >> 16) & 1); return (bf16)(u >> 16); }

// sum = h + y (y may be absent), normed = rms norm of sum, inverse = 1 / rms per token
void add_rms_forward(const float *h, const bf16 *y, const float *weight, float *sum, bf16 *normed, float *inverse, i64 tokens, i64 width) {
  for (i64 t = 0; t < tokens; t++) {
    const float *a = h + t * width; float *c = sum + t * width; bf16 *out = normed + t * width; float square = 0;
    if (y) { const bf16 *b = y + t * width; for (i64 i = 0; i < width; i++) c[i] = a[i] + widen(b[i]); }
    else memcpy(c, a, width * sizeof(float));
    for (i64 i = 0; i < width; i++) square += c[i] * c[i];
    float r = inverse[t] = 1.f / sqrtf(square / width + 1e-6f);
    for (i64 i = 0; i < width; i++) out[i] = narrow(c[i] * r * weight[i]);
  }
}

void add_rms_backward(const float *grad_sum, const bf16 *grad_normed, const float *sum, const float *weight, const float *inverse,
                      float *grad_h, bf16 *grad_y, float *grad_weight, i64 tokens, i64 width) {
  for (i64 t = 0; t < tokens; t++) {
    const bf16 *g = grad_normed + t * width; const float *x = sum + t * width; float *out = grad_h + t * width; float r = inverse[t], dot = 0;
    for (i64 i = 0; i < width; i++) { float gi = widen(g[i]); dot += gi * weight[i] * x[i]; grad_weight[i] += gi * x[i] * r; }
    float k = r * r * r * dot / width;
    for (i64 i = 0; i < width; i++) out[i] = widen(g[i]) * weight[i] * r - x[i] * k;
    if (grad_sum) { const float *p = grad_sum + t * width; for (i64 i = 0; i < width; i++) out[i] += p[i]; }
    if (grad_y) { bf16 *q = grad_y + t * width; for (i64 i = 0; i < width; i++) q[i] = narrow(out[i]); }
  }
}

// x (batch, tokens, 3 * heads * width) -> rotated q, rotated k, plain v, each (batch, heads, tokens, width); direction -1 undoes it
static inline void rope_any(bf16 *x, const float *cosine, const float *sine, bf16 *q, bf16 *k, bf16 *v, i64 batch, i64 tokens, i64 heads, const i64 half, const int direction) {
  const i64 width = 2 * half;
  for (i64 b = 0; b < batch; b++) for (i64 s = 0; s < tokens; s++) {
    const float *c = cosine + s * half, *z = sine + s * half; bf16 *row = x + (b * tokens + s) * 3 * heads * width;
    for (i64 j = 0; j < 2 * heads; j++) {
      bf16 *flat = row + j * width, *split = (j < heads ? q : k) + ((b * heads + j % heads) * tokens + s) * width;
      const bf16 *restrict from = direction > 0 ? flat : split; bf16 *restrict to = direction > 0 ? split : flat;
      for (i64 i = 0; i < half; i++) {
        float u = widen(from[i]), w = widen(from[i + half]), sn = direction * z[i];
        to[i] = narrow(u * c[i] - w * sn); to[i + half] = narrow(w * c[i] + u * sn);
      }
    }
    for (i64 j = 0; j < heads; j++) {
      bf16 *flat = row + (2 * heads + j) * width, *split = v + ((b * heads + j) * tokens + s) * width;
      memcpy(direction > 0 ? split : flat, direction > 0 ? flat : split, width * sizeof(bf16));
    }
  }
}

// the shipped head width is known when compiling: four times faster
void rope(bf16 *x, const float *cosine, const float *sine, bf16 *q, bf16 *k, bf16 *v, i64 batch, i64 tokens, i64 heads, i64 width, i64 direction) {
  if (width == 16 && direction > 0) rope_any(x, cosine, sine, q, k, v, batch, tokens, heads, 8, 1);
  else if (width == 16) rope_any(x, cosine, sine, q, k, v, batch, tokens, heads, 8, -1);
  else rope_any(x, cosine, sine, q, k, v, batch, tokens, heads, width / 2, direction > 0 ? 1 : -1);
}

static inline float exponential(float x) {
  x = x < -87.f ? -87.f : x;
  float y = x * 1.44269504f, whole = floorf(y), f = y - whole; int32_t e = (int32_t)whole, u;
  float p = 1.f + f * (.69314718f + f * (.24022651f + f * (.05550411f + f * (.00961813f + f * .00133336f))));
  memcpy(&u, &p, 4); u += e << 23; memcpy(&p, &u, 4);
  return p;
}

// softmax in place over the last axis; bias (batch, keys) is 0 or very negative
void softmax_forward(bf16 *scores, const float *bias, i64 batch, i64 rows, i64 keys) {
  float t[4096];
  for (i64 b = 0; b < batch; b++) for (i64 r = 0; r < rows; r++) {
    const float *m = bias + b * keys; bf16 *p = scores + (b * rows + r) * keys; float top = -1e30f, total = 0;
    for (i64 i = 0; i < keys; i++) { t[i] = widen(p[i]) + m[i]; top = t[i] > top ? t[i] : top; }
    for (i64 i = 0; i < keys; i++) { t[i] = exponential(t[i] - top); total += t[i]; }
    float q = 1.f / total;
    for (i64 i = 0; i < keys; i++) p[i] = narrow(t[i] * q);
  }
}

void softmax_backward(const bf16 *grad, const bf16 *share, bf16 *out, i64 rows, i64 keys) {
  float t[4096], s[4096];
  for (i64 r = 0; r < rows; r++) {
    const bf16 *g = grad + r * keys, *y = share + r * keys; bf16 *o = out + r * keys; float dot = 0;
    for (i64 i = 0; i < keys; i++) { s[i] = widen(y[i]); t[i] = widen(g[i]); dot += s[i] * t[i]; }
    for (i64 i = 0; i < keys; i++) o[i] = narrow(s[i] * (t[i] - dot));
  }
}

void relu_backward(const bf16 *grad, const bf16 *y, bf16 *out, i64 n) {
  for (i64 i = 0; i < n; i++) out[i] = (int16_t)y[i] > 0 ? grad[i] : 0;
}

// prediction (batch, patches, levels, 16), target and mask (batch, patches, 16); loss (batch) = mean over observed steps and levels
void pinball(const float *prediction, const float *target, const float *mask, const float *level, float *loss, float *grad, i64 batch, i64 patches, i64 levels) {
  for (i64 b = 0; b < batch; b++) {
    const float *w = mask + b * patches * 16, *y = target + b * patches * 16; float n = 0, total = 0;
    for (i64 i = 0; i < patches * 16; i++) n += w[i];
    float scale = 2.f / ((n < 1 ? 1 : n) * levels);
    for (i64 m = 0; m < patches; m++) for (i64 q = 0; q < levels; q++) {
      const float *p = prediction + ((b * patches + m) * levels + q) * 16; float *g = grad + ((b * patches + m) * levels + q) * 16;
      for (i64 i = 0; i < 16; i++) {
        float d = y[m * 16 + i] - p[i], k = d > 0 ? level[q] : level[q] - 1.f, ww = w[m * 16 + i] * scale;
        total += k * d * ww; g[i] = -k * ww;
      }
    }
    loss[b] = total;
  }
}
