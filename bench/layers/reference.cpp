#include "reference.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <span>
#include <string_view>
#include <variant>

namespace inlay::bench {

namespace {

using Frame = std::vector<double>;
using Values = std::span<const double>;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// y_j += sum over i of x_i W(i, j), where W is [size of x, size of y].
void add_product(Frame& y, Values x, Values w) {
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < y.size(); ++j) y[j] += x[i] * w[i * y.size() + j];
}

Frame copy_of(Values x) { return {x.begin(), x.end()}; }

/// Elementwise layers: y_c = f(x_c, c).
template <class F>
Frames each_value(Frames x, F f) {
  for (Frame& frame : x)
    for (std::size_t c = 0; c < frame.size(); ++c) frame[c] = f(frame[c], c);
  return x;
}

Frames dense(const Frames& x, Values kernel, Values bias) {
  Frames y;
  for (const Frame& frame : x) add_product(y.emplace_back(copy_of(bias)), frame, kernel);
  return y;
}

/// Convolution with a kernel [taps, inputs of a group, outputs]; one group, or depthwise.
Frames conv1d(const Frames& x, Values kernel, Values bias, std::size_t taps, std::size_t dilation, bool depthwise) {
  const std::size_t tap_size = kernel.size() / taps;
  Frames y;
  for (std::size_t t = 0; t < x.size(); ++t) {
    Frame& frame = y.emplace_back(copy_of(bias));
    for (std::size_t k = 0; k < taps; ++k) {
      const std::size_t age = (taps - 1 - k) * dilation;
      if (age > t) continue;
      const Values tap = kernel.subspan(k * tap_size, tap_size);
      if (!depthwise) add_product(frame, x[t - age], tap);
      for (std::size_t c = 0; depthwise && c < frame.size(); ++c) frame[c] += tap[c] * x[t - age][c];
    }
  }
  return y;
}

/// LSTM, gates in the order i, f, g, o. With a projection [units, outputs], its output is the product with it.
Frames lstm(const Frames& x, Values kernel, Values recurrent_kernel, Values bias, Values projection = {}) {
  const std::size_t units = bias.size() / 4;
  Frame h(projection.empty() ? units : projection.size() / units), cell(units), output(units);
  Frames y;
  for (const Frame& frame : x) {
    Frame z = copy_of(bias);
    add_product(z, frame, kernel);
    add_product(z, h, recurrent_kernel);
    for (std::size_t u = 0; u < units; ++u) {
      const double i = sigmoid(z[u]), f = sigmoid(z[units + u]), g = std::tanh(z[2 * units + u]);
      cell[u] = f * cell[u] + i * g;
      output[u] = sigmoid(z[3 * units + u]) * std::tanh(cell[u]);
    }
    if (projection.empty()) {
      h = output;
    } else {
      h.assign(h.size(), 0);
      add_product(h, output, projection);
    }
    y.push_back(h);
  }
  return y;
}

/// GRU, gates in the order z, r, n. The reset gate multiplies the recurrent product. The bias has two rows.
Frames gru(const Frames& x, Values kernel, Values recurrent_kernel, Values bias) {
  const std::size_t gates = bias.size() / 2, units = gates / 3;
  Frame h(units);
  Frames y;
  for (const Frame& frame : x) {
    Frame a = copy_of(bias.first(gates)), b = copy_of(bias.last(gates));
    add_product(a, frame, kernel);
    add_product(b, h, recurrent_kernel);
    for (std::size_t u = 0; u < units; ++u) {
      const double z = sigmoid(a[u] + b[u]), r = sigmoid(a[units + u] + b[units + u]);
      const double n = std::tanh(a[2 * units + u] + r * b[2 * units + u]);
      h[u] = z * h[u] + (1 - z) * n;
    }
    y.push_back(h);
  }
  return y;
}

/// [u v] = W x + b, z = sigmoid(u), h' = (1 - z) h + z v.
Frames min_gru(const Frames& x, Values kernel, Values bias) {
  Frame h(bias.size() / 2);
  Frames y;
  for (const Frame& frame : x) {
    Frame product = copy_of(bias);
    add_product(product, frame, kernel);
    for (std::size_t u = 0; u < h.size(); ++u) h[u] += sigmoid(product[u]) * (product[h.size() + u] - h[u]);
    y.push_back(h);
  }
  return y;
}

Frames rnn(const Frames& x, Values kernel, Values recurrent_kernel, Values bias) {
  Frame h(bias.size());
  Frames y;
  for (const Frame& frame : x) {
    Frame z = copy_of(bias);
    add_product(z, frame, kernel);
    add_product(z, h, recurrent_kernel);
    for (std::size_t u = 0; u < h.size(); ++u) h[u] = std::tanh(z[u]);
    y.push_back(h);
  }
  return y;
}

/// s' = a s + u, y = 2 Re(sum of c s') + d u for each channel, complex.
Frames s4d(const Frames& x, Values a_real, Values a_imag, Values c_real, Values c_imag, Values d) {
  using Complex = std::complex<double>;
  std::vector<Complex> states(a_real.size());
  Frames y;
  for (const Frame& frame : x) {
    Frame& out = y.emplace_back();
    for (std::size_t c = 0; c < frame.size(); ++c) out.push_back(d[c] * frame[c]);
    for (std::size_t i = 0; i < states.size(); ++i) {
      const std::size_t channel = i * frame.size() / states.size();
      states[i] = Complex(a_real[i], a_imag[i]) * states[i] + frame[channel];
      out[channel] += 2 * (Complex(c_real[i], c_imag[i]) * states[i]).real();
    }
  }
  return y;
}

/// x' = lambda x + B u, y = Re(C x') + D u. Rows of c: the real parts of C, then the negative imaginary parts.
Frames lru(const Frames& u, Values lambda_real, Values lambda_imag, Values b, Values c, Values d) {
  const std::size_t states = lambda_real.size(), outputs = d.size() / u[0].size();
  Frame x(2 * states);
  Frames y;
  for (const Frame& frame : u) {
    Frame next(2 * states);
    for (std::size_t n = 0; n < states; ++n) {
      next[n] = lambda_real[n] * x[n] - lambda_imag[n] * x[states + n];
      next[states + n] = lambda_real[n] * x[states + n] + lambda_imag[n] * x[n];
    }
    add_product(next, frame, b);
    x = next;
    Frame& out = y.emplace_back(outputs);
    add_product(out, x, c);
    add_product(out, frame, d);
  }
  return y;
}

/// [r B C] = W u, delta = softplus(V r + b); h' = e^(delta a) h + delta B u, y = (sum of C h') + d u for each channel.
Frames s6(const Frames& u, Values kernel, Values step_kernel, Values step_bias, Values a, Values d) {
  const std::size_t size = d.size(), states = a.size() / size, rank = step_kernel.size() / size;
  Frame h(a.size());
  Frames y;
  for (const Frame& frame : u) {
    Frame product(rank + 2 * states), step = copy_of(step_bias);
    add_product(product, frame, kernel);
    add_product(step, Frame(product.begin(), product.begin() + std::ptrdiff_t(rank)), step_kernel);
    Frame& out = y.emplace_back();
    for (std::size_t c = 0; c < size; ++c) {
      const double delta = std::log1p(std::exp(step[c]));
      double sum = d[c] * frame[c];
      for (std::size_t n = 0; n < states; ++n) {
        double& state = h[c * states + n];
        state = std::exp(delta * a[c * states + n]) * state + delta * product[rank + n] * frame[c];
        sum += product[rank + states + n] * state;
      }
      out.push_back(sum);
    }
  }
  return y;
}

/// Sections b0, b1, b2, a1, a2 in cascade, in direct form I.
Frames biquad(Frames x, Values coefficients, std::size_t sections) {
  for (std::size_t i = 0; i < coefficients.size() / 5; ++i) {
    const Values k = coefficients.subspan(5 * i, 5);
    double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
    for (Frame& frame : x) {
      double& value = frame[i / sections];
      const double y = k[0] * value + k[1] * x1 + k[2] * x2 - k[3] * y1 - k[4] * y2;
      x2 = x1, x1 = value, y2 = y1, y1 = y;
      value = y;
    }
  }
  return x;
}

/// Each block of frames is late by a block less one frame, and scaled and shifted by `modulate` of its largest values.
Frames tfilm(const Frames& x, std::size_t block, auto modulate) {
  const std::size_t size = x[0].size();
  Frames largest;
  for (std::size_t t = 0; t + block <= x.size(); t += block) {
    Frame& most = largest.emplace_back(x[t]);
    for (std::size_t i = 0; i < block; ++i)
      for (std::size_t c = 0; c < size; ++c) most[c] = std::max(most[c], x[t + i][c]);
  }
  const Frames modulation = modulate(largest);
  Frames y(x.size(), Frame(size));
  for (std::size_t t = block - 1; t < x.size(); ++t) {
    const std::size_t from = t - (block - 1);
    const Frame& m = modulation[from / block];
    for (std::size_t c = 0; c < size; ++c) y[t][c] = m[c] * x[from][c] + m[size + c];
  }
  return y;
}

/// activation(a) * gate(b), a and b being the halves of the channels.
Frames gate(const Frames& x, auto activation, auto gate) {
  Frames a, b;
  for (const Frame& frame : x) {
    const auto middle = frame.begin() + std::ptrdiff_t(frame.size() / 2);
    a.emplace_back(frame.begin(), middle);
    b.emplace_back(middle, frame.end());
  }
  a = activation(a), b = gate(b);
  for (std::size_t t = 0; t < a.size(); ++t)
    for (std::size_t c = 0; c < a[t].size(); ++c) a[t][c] *= b[t][c];
  return a;
}

Frames softmax(Frames x) {
  for (Frame& frame : x) {
    double sum = 0;
    for (double& value : frame) sum += value = std::exp(value);
    for (double& value : frame) value /= sum;
  }
  return x;
}

/// Normalises groups of channels of each frame. Without `beta`, the mean is not subtracted.
Frames norm(Frames x, std::size_t groups, const Frame& gamma, const Frame* beta, double epsilon) {
  const std::size_t size = x[0].size() / groups;
  for (Frame& frame : x)
    for (std::size_t first = 0; first < frame.size(); first += size) {
      const std::span<double> group(frame.data() + first, size);
      double mean = 0, variance = 0;
      for (double value : group) mean += beta ? value / double(size) : 0;
      for (double value : group) variance += (value - mean) * (value - mean) / double(size);
      for (std::size_t c = 0; c < size; ++c)
        group[c] =
            (group[c] - mean) / std::sqrt(variance + epsilon) * gamma[first + c] + (beta ? (*beta)[first + c] : 0);
    }
  return x;
}

Frames layer_reference(const Description& layer, const Frames& x) {
  const auto values = [&](std::string_view name) -> const Frame& { return layer.tensors.at(name).values; };
  const auto number = [&](std::string_view name) { return std::get<double>(layer.options.at(name)); };
  const auto count = [&](std::string_view name) { return std::get<std::size_t>(layer.options.at(name)); };
  const auto inner = [&](std::string_view name) {
    return [&layers = layer.chains.at(name)](const Frames& in) { return reference(layers, in); };
  };
  const std::string_view type = layer.type;

  if (type == "dense") return dense(x, values("kernel"), values("bias"));
  if (type == "conv1d")
    return conv1d(x, values("kernel"), values("bias"), count("kernel_size"), count("dilation"), count("groups") > 1);
  if (type == "lstm") return lstm(x, values("kernel"), values("recurrent_kernel"), values("bias"));
  if (type == "gru") return gru(x, values("kernel"), values("recurrent_kernel"), values("bias"));
  if (type == "projected_lstm")
    return lstm(x, values("kernel"), values("recurrent_kernel"), values("bias"), values("projection"));
  if (type == "min_gru") return min_gru(x, values("kernel"), values("bias"));
  if (type == "rnn") return rnn(x, values("kernel"), values("recurrent_kernel"), values("bias"));
  if (type == "s4d") return s4d(x, values("a_real"), values("a_imag"), values("c_real"), values("c_imag"), values("d"));
  if (type == "lru") return lru(x, values("lambda_real"), values("lambda_imag"), values("b"), values("c"), values("d"));
  if (type == "s6")
    return s6(x, values("kernel"), values("step_kernel"), values("step_bias"), values("a"), values("d"));
  if (type == "softmax") return softmax(x);
  if (type == "layer_norm") return norm(x, 1, values("gamma"), &values("beta"), number("epsilon"));
  if (type == "group_norm") return norm(x, count("groups"), values("gamma"), &values("beta"), number("epsilon"));
  if (type == "rms_norm") return norm(x, 1, values("gamma"), nullptr, number("epsilon"));
  if (type == "biquad") return biquad(x, values("coefficients"), count("sections"));
  if (type == "tfilm") return tfilm(x, count("block_size"), inner("layers"));
  if (type == "gate") return gate(x, inner("activation"), inner("gate"));
  if (type == "identity") return x;
  return each_value(x, [&](double v, std::size_t c) {
    if (type == "tanh") return std::tanh(v);
    if (type == "sigmoid") return sigmoid(v);
    if (type == "hard_sigmoid") return std::clamp(v / 6 + 0.5, 0.0, 1.0);
    if (type == "relu") return std::max(0.0, v);
    if (type == "leaky_relu") return v > 0 ? v : number("alpha") * v;
    if (type == "prelu") return v > 0 ? v : values("alpha")[c] * v;
    if (type == "elu") return v > 0 ? v : number("alpha") * std::expm1(v);
    if (type == "softplus") return std::log1p(std::exp(v));
    if (type == "silu") return v * sigmoid(v);
    if (type == "mish") return v * std::tanh(std::log1p(std::exp(v)));
    if (type == "gelu") return 0.5 * v * std::erfc(-v / std::numbers::sqrt2);
    if (type == "hardtanh") return std::clamp(v, number("min"), number("max"));
    if (type == "snake") {
      const double alpha = values("alpha")[c], sine = std::sin(alpha * v);
      return v + sine * sine / alpha;
    }
    if (type == "batchnorm1d") {
      const double deviation = std::sqrt(values("variance")[c] + number("epsilon"));
      return values("gamma")[c] * (v - values("mean")[c]) / deviation + values("beta")[c];
    }
    return std::nan("");  // unknown type: fails the check
  });
}

}  // namespace

std::size_t channels_of(const Chain& chain) {
  const auto& options = chain.front().options;
  const auto size = std::get<std::size_t>(options.at(options.contains("in") ? "in" : "size"));
  return chain.front().type == "gate" ? 2 * size : size;
}

Frames reference(const Chain& layers, Frames x) {
  for (const Description& layer : layers) x = layer_reference(layer, x);
  return x;
}

}  // namespace inlay::bench
