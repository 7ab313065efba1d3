// Operators that autograd records as one and that multiply inside: those products belong to
// autograd though no operand of theirs says so.
#pragma once

namespace stoker::aten {

// Inside such an operator, called with grad mode on and an operand that requires grad.
bool inside_recorded_composite() noexcept;

}  // namespace stoker::aten
