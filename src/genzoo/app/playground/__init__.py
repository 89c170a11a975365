"""Games on points in the plane that are trained in the page's process."""
