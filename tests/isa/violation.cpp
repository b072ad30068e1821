// A weak function whose name does not contain its instruction set.
float sum(const float* x, int n);

template <class T>
__attribute__((noinline)) T product(const T* x) {
  T p[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  for (int i = 0; i < 1024; i += 8)
    for (int k = 0; k < 8; ++k) p[k] *= x[i + k];
  return p[0] * p[1] * p[2] * p[3] * p[4] * p[5] * p[6] * p[7];
}

float sum(const float* x, int n) { return product(x) + float(n); }
