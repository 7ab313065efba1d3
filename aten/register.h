// The explicit list of what is registered: one function an operator file.
#pragma once

#include <torch/library.h>

namespace stoker::aten {

void register_linear(torch::Library& composite);         // CompositeImplicitAutograd
void register_rnn(torch::Library& composite);            // CompositeImplicitAutograd
void register_matmul(torch::Library& cpu);               // CPU
void register_convolution(torch::Library& cpu);          // CPU
void register_embedding_bag(torch::Library& cpu);        // CPU
void register_lazy_clone(torch::Library& cpu);           // CPU
void register_recorded_composites(torch::Library& cpu);  // CPU
void register_stoker(torch::Library& stoker);            // our own namespace
void register_stoker_bags(torch::Library& stoker);       // the same
void register_stoker_convolution(torch::Library& stoker);
void register_stoker_norms(torch::Library& stoker);  // the same
// AutocastCPU; defined in autocast/.
void register_autocast(torch::Library& autocast);
void register_autocast_convolutions(torch::Library& autocast);

// False when STOKER_DISABLE names the operator or somebody else overrode the slot already;
// explain() says which.
bool may_override(const char* op, const char* overload, c10::DispatchKey key);

}  // namespace stoker::aten
