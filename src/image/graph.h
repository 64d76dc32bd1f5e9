/* SPDX-License-Identifier: MIT */
/*
 * graph.h - the topology of a warren as a drawing
 */
#ifndef WARREN_IMAGE_GRAPH_H
#define WARREN_IMAGE_GRAPH_H

#include "base/text.h"
#include "core/warren.h"

/*
 * Namespaces, their devices with addresses, the wires between these, and the gateways
 * of routes, in the DOT language. Names are escaped. Look at @out->failed afterwards.
 */
void graph_dot(struct warren *w, struct text *out);

#endif
